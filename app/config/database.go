package config

import "os"

// Database is where the database is, for commands that work beside a server. Kong fills it.
type Database struct {
	Data            string `env:"REKEY_DATA" placeholder:"DIR" help:"The server's data directory. Default: rekey in the user's state directory."`
	DatabaseURL     string `env:"REKEY_DATABASE_URL" placeholder:"URL" help:"The server's database, postgres://… Default: SQLite in the data directory."`
	DatabaseURLFile string `env:"REKEY_DATABASE_URL_FILE" placeholder:"FILE" help:"File with the database URL."`
}

// URL returns postgres://…, or the path of the SQLite file. The error is an [*Error].
func (d Database) URL() (string, error) {
	data, err := dataDirectory(d.Data, os.Getenv)
	if err != nil {
		return "", err
	}
	return Flags{DatabaseURL: d.DatabaseURL, DatabaseURLFile: d.DatabaseURLFile}.databaseURL(data)
}
