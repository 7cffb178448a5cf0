package wire_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/wire"
)

// What a push brought: one commit, its tree and its file.
func ExampleClient_Fetch() {
	server, err := githubtest.New(githubtest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	shop, err := server.CreateRepository(server.Organization("acme"), "shop", githubtest.RepositoryOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	before, err := shop.Commit(githubtest.Change{Files: map[string]string{"README.md": "# Shop\n"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := shop.Commit(githubtest.Change{Parents: []string{before}, Files: map[string]string{"main.go": "package main\n"}})
	if err != nil {
		fmt.Println(err)
		return
	}

	client := &wire.Client{UserAgent: "example/1"}
	pack, err := client.Fetch(context.Background(), shop.URL()+".git", wire.Request{
		Wants: []string{after}, Haves: []string{before}, RequireCommon: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pack.Close()
	text, err := io.ReadAll(pack)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(text[:4]), binary.BigEndian.Uint32(text[8:]), "objects in", server.Count(githubtest.Git), "request")
	// Output: PACK 3 objects in 1 request
}
