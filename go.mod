module github.com/rekey-app/rekey

go 1.26
