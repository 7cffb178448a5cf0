package main

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
)

// relative returns path below root, with slashes.
func relative(root, path string) string {
	if rel, err := filepath.Rel(root, path); err == nil && filepath.IsAbs(path) {
		path = rel
	}
	return filepath.ToSlash(path)
}

func parseRekey(root string, output []byte) ([]Report, error) {
	var reports []Report
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var f struct {
			Kind        string
			Environment string
			Path        string
			Line        int
			EndLine     int `json:"end_line"`
			Fingerprint string
		}
		if err := decoder.Decode(&f); err == io.EOF {
			return reports, nil
		} else if err != nil {
			return nil, err
		}
		reports = append(reports, Report{
			Path: relative(root, f.Path), Line: f.Line, EndLine: f.EndLine, Name: f.Kind, Environment: f.Environment, Fingerprint: f.Fingerprint,
		})
	}
}

// parseGitleaks reads the reports of gitleaks, and of betterleaks, which kept them.
func parseGitleaks(root string, output []byte) ([]Report, error) {
	var findings []struct {
		RuleID             string
		StartLine, EndLine int
		Secret, File       string
		SymlinkFile        string
	}
	if err := json.Unmarshal(output, &findings); err != nil {
		return nil, err
	}
	var reports []Report
	for _, f := range findings {
		reports = append(reports, Report{
			Path: relative(root, f.File), Line: f.StartLine, EndLine: f.EndLine, Name: f.RuleID, Value: f.Secret,
		})
	}
	return reports, nil
}

func parseTrufflehog(root string, output []byte) ([]Report, error) {
	var reports []Report
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var f struct {
			SourceMetadata struct {
				Data struct {
					Filesystem struct {
						File string
						Line int
					}
				}
			}
			DetectorName string
			Raw          string
		}
		if err := decoder.Decode(&f); err == io.EOF {
			return reports, nil
		} else if err != nil {
			return nil, err
		}
		if f.DetectorName == "" {
			continue // a log line
		}
		at := f.SourceMetadata.Data.Filesystem
		reports = append(reports, Report{Path: relative(root, at.File), Line: at.Line, EndLine: at.Line, Name: f.DetectorName, Value: f.Raw})
	}
}
