package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown by rekey completion --help.
func (completionCommand) Help() string {
	return `Load it where your shell starts:

  source <(rekey completion bash)                                       in ~/.bashrc
  source <(rekey completion zsh)                                        in ~/.zshrc, below compinit
  rekey completion fish >~/.config/fish/completions/rekey.fish          once`
}

// Run prints the script.
func (c completionCommand) Run(s streams, k *kong.Kong) error {
	commands := completedCommands(k.Model)
	script := map[string]func([]completed) string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	_, err := fmt.Fprint(s.out, script(commands))
	return err
}

// completed is a command as a shell completes it.
type completed struct {
	name, help string
	flags      []completedFlag
	values     []string    // of its argument; nil for files
	commands   []completed // of a group, which has nothing else
}

type completedFlag struct {
	name, help string
	short      string // "" for none
	takes      bool   // a value
	values     []string
}

func completedCommands(app *kong.Application) []completed {
	all := completedIn(app.Node)
	for i := range all {
		if all[i].name == "help" {
			for _, other := range all {
				all[i].values = append(all[i].values, other.name)
			}
		}
	}
	return all
}

func completedIn(parent *kong.Node) []completed {
	var all []completed
	for _, node := range parent.Children {
		if node.Type != kong.CommandNode || node.Hidden {
			continue
		}
		c := completed{name: node.Name, help: firstSentence(node.Help), commands: completedIn(node)}
		for _, f := range node.Flags {
			if f.Hidden {
				continue
			}
			flag := completedFlag{name: f.Name, help: firstSentence(f.Help), takes: !f.IsBool(), values: enumOf(f.Value)}
			if f.Short != 0 {
				flag.short = string(f.Short)
			}
			c.flags = append(c.flags, flag)
		}
		for _, arg := range node.Positional {
			c.values = append(c.values, enumOf(arg)...)
		}
		all = append(all, c)
	}
	return all
}

func enumOf(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return v.EnumSlice()
}

func firstSentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(first, ".")
}

func names(commands []completed) string {
	var all []string
	for _, c := range commands {
		all = append(all, c.name)
	}
	return strings.Join(all, " ")
}

func bashCompletion(commands []completed) string {
	var b strings.Builder
	fmt.Fprintf(&b, `_rekey() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} flags= values=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '%s --help --version' -- "$cur"))
    return
  fi
  [ "$cur" = "=" ] && cur=
  [ "$prev" = "=" ] && prev=${COMP_WORDS[COMP_CWORD-2]}
  case "${COMP_WORDS[1]}" in
`, names(commands))
	for _, c := range commands {
		bashCase(&b, c, 1)
	}
	b.WriteString(`  esac
  if [ -n "$values" ] && [ "${cur#-}" = "$cur" ]; then
    COMPREPLY=($(compgen -W "$values" -- "$cur"))
  elif [ "${cur#-}" != "$cur" ]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  fi
}
complete -o default -F _rekey rekey
`)
	return b.String()
}

// bashCase writes what is completed behind a command, which is the word of that number.
func bashCase(b *strings.Builder, c completed, word int) {
	if c.commands != nil {
		fmt.Fprintf(b, `    %s)
      if [ "$COMP_CWORD" -eq %d ]; then
        COMPREPLY=($(compgen -W '%s --help' -- "$cur"))
        return
      fi
      case "${COMP_WORDS[%d]}" in
`, c.name, word+1, names(c.commands), word+1)
		for _, below := range c.commands {
			bashCase(b, below, word+1)
		}
		b.WriteString("      esac\n      ;;\n")
		return
	}
	var flags []string
	var cases strings.Builder
	for _, f := range c.flags {
		flags = append(flags, "--"+f.name)
		if f.takes && f.values != nil {
			fmt.Fprintf(&cases, "        --%s) values='%s' ;;\n", f.name, strings.Join(f.values, " "))
		}
	}
	fmt.Fprintf(b, "    %s)\n      flags='%s' values='%s'\n", c.name, strings.Join(flags, " "), strings.Join(c.values, " "))
	if cases.Len() > 0 {
		fmt.Fprintf(b, "      case \"$prev\" in\n%s      esac\n", cases.String())
	}
	b.WriteString("      ;;\n")
}

func zshCompletion(commands []completed) string {
	var b strings.Builder
	b.WriteString("#compdef rekey\n_rekey() {\n")
	zshCommands(&b, commands)
	b.WriteString("}\ncompdef _rekey rekey\n")
	return b.String()
}

func zshQuoted(text string) string {
	return strings.NewReplacer("'", `'\''`, "[", `\[`, "]", `\]`, ":", `\:`).Replace(text)
}

// zshCommands completes the second word, a command, and what is behind it.
func zshCommands(b *strings.Builder, commands []completed) {
	b.WriteString("  if (( CURRENT == 2 )); then\n    local -a commands=(\n")
	for _, c := range commands {
		fmt.Fprintf(b, "      '%s:%s'\n", c.name, zshQuoted(c.help))
	}
	b.WriteString("    )\n    _describe command commands\n    return\n  fi\n  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n")
	for _, c := range commands {
		fmt.Fprintf(b, "    %s)\n", c.name)
		if c.commands != nil {
			zshCommands(b, c.commands)
			b.WriteString("      ;;\n")
			continue
		}
		b.WriteString("      _arguments -s \\\n")
		for _, f := range c.flags {
			zshFlag(b, f)
		}
		if c.values != nil {
			fmt.Fprintf(b, "        '*:argument:(%s)'\n", strings.Join(c.values, " "))
		} else {
			b.WriteString("        '*:path:_files'\n")
		}
		b.WriteString("      ;;\n")
	}
	b.WriteString("  esac\n")
}

func zshFlag(b *strings.Builder, f completedFlag) {
	value, equals := "", ""
	switch {
	case f.values != nil:
		value = ":" + f.name + ":(" + strings.Join(f.values, " ") + ")"
	case f.takes:
		value = ":" + f.name + ":_files"
	}
	if f.takes {
		equals = "="
	}
	fmt.Fprintf(b, "        '--%s%s[%s]%s' \\\n", f.name, equals, zshQuoted(f.help), value)
	if f.short != "" {
		fmt.Fprintf(b, "        '-%s[%s]%s' \\\n", f.short, zshQuoted(f.help), value)
	}
}

func fishCompletion(commands []completed) string {
	var b strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&b, "complete -c rekey -n __fish_use_subcommand -f -a %s -d '%s'\n", c.name, fishQuoted(c.help))
	}
	for _, c := range commands {
		seen := "__fish_seen_subcommand_from " + c.name
		if c.commands == nil {
			fishFlags(&b, c, seen+fishOutside(commands, c.name))
			continue
		}
		for _, below := range c.commands {
			fmt.Fprintf(&b, "complete -c rekey -n '%s; and not __fish_seen_subcommand_from %s' -f -a %s -d '%s'\n",
				seen, names(c.commands), below.name, fishQuoted(below.help))
		}
		for _, below := range c.commands {
			fishFlags(&b, below, seen+"; and __fish_seen_subcommand_from "+below.name)
		}
	}
	return b.String()
}

func fishQuoted(text string) string { return strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) }

// fishOutside is the condition that a command is not the one of that name in a group.
func fishOutside(commands []completed, name string) string {
	var b strings.Builder
	for _, c := range commands {
		if slices.ContainsFunc(c.commands, func(below completed) bool { return below.name == name }) {
			b.WriteString("; and not __fish_seen_subcommand_from " + c.name)
		}
	}
	return b.String()
}

func fishFlags(b *strings.Builder, c completed, seen string) {
	for _, f := range c.flags {
		fmt.Fprintf(b, "complete -c rekey -n '%s' -l %s", seen, f.name)
		if f.short != "" {
			fmt.Fprintf(b, " -s %s", f.short)
		}
		switch {
		case f.values != nil:
			fmt.Fprintf(b, " -x -a '%s'", strings.Join(f.values, " "))
		case f.takes:
			b.WriteString(" -r")
		}
		fmt.Fprintf(b, " -d '%s'\n", fishQuoted(f.help))
	}
	if c.values != nil {
		fmt.Fprintf(b, "complete -c rekey -n '%s' -f -a '%s'\n", seen, strings.Join(c.values, " "))
	}
}
