// Makes commands.json: every command and flag of cosign, hidden and deprecated ones among them.
//
// Built in a module that requires github.com/sigstore/cosign/v3 v3.1.2 with the versions of its own go.mod:
//
//	go run . > commands.json
package main

import (
	"encoding/json"
	"fmt"
	"sort"

	"github.com/sigstore/cosign/v3/cmd/cosign/cli"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

type flag struct {
	Name       string `json:"name"`
	Short      string `json:"short,omitempty"`
	Switch     bool   `json:"switch,omitempty"`
	Hidden     bool   `json:"hidden,omitempty"`
	Deprecated bool   `json:"deprecated,omitempty"`
}

type command struct {
	Name       string `json:"name"`
	Hidden     bool   `json:"hidden,omitempty"`
	Deprecated bool   `json:"deprecated,omitempty"`
	Flags      []flag `json:"flags"`
}

func flagsOf(set *pflag.FlagSet) []flag {
	flags := []flag{}
	set.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		deprecated := f.Deprecated != ""
		flags = append(flags, flag{f.Name, f.Shorthand, f.NoOptDefVal != "", f.Hidden && !deprecated, deprecated})
	})
	return flags
}

func walk(c *cobra.Command, prefix string, commands *[]command) {
	for _, child := range c.Commands() {
		name := prefix + child.Name()
		*commands = append(*commands, command{name, child.Hidden, child.Deprecated != "", flagsOf(child.LocalNonPersistentFlags())})
		walk(child, name+" ", commands)
	}
}

func main() {
	root := cli.New()
	commands := []command{{"", false, false, flagsOf(root.PersistentFlags())}}
	walk(root, "", &commands)
	sort.SliceStable(commands, func(i, j int) bool { return commands[i].Name < commands[j].Name })
	fmt.Println(`{"version": "v3.1.2", "commands": [`)
	for i, c := range commands {
		line, err := json.Marshal(c)
		if err != nil {
			panic(err)
		}
		end := ","
		if i == len(commands)-1 {
			end = ""
		}
		fmt.Printf("  %s%s\n", line, end)
	}
	fmt.Println("]}")
}
