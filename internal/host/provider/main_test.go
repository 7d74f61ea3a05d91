package provider

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// roleVariable makes the test binary a process to be watched. It is the only
// environment that such a process gets.
const roleVariable = "PROVIDER_TEST_ROLE"

func TestMain(m *testing.M) {
	role, asked := os.LookupEnv(roleVariable)
	if !asked {
		goleak.VerifyTestMain(m)
		return
	}
	os.Exit(play(role))
}

// play is what a watched process does.
func play(role string) int {
	name, argument, _ := strings.Cut(role, " ")
	switch name {
	case "echo": // standard input to its end, then the environment
		text := make([]byte, 1<<20)
		n := 0
		for {
			k, err := os.Stdin.Read(text[n:])
			if n += k; err != nil {
				break
			}
		}
		fmt.Printf("read %d bytes: %.20s\n", n, text[:n])
		fmt.Println("environment", os.Environ())
	case "exit":
		fmt.Fprintln(os.Stderr, "cannot go on")
		return 3
	case "sleep":
		fmt.Println("pid", os.Getpid())
		time.Sleep(time.Hour)
	case "parent": // leaves a process behind that keeps the output open
		child := exec.Command("/bin/sleep", "3600")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("child", child.Process.Pid)
	case "flood":
		for i := range 20 * maxLines {
			fmt.Println("line", i)
		}
	case "long":
		fmt.Println(strings.Repeat("x", 3*maxLine) + "end")
		fmt.Print("no line end \xff")
	case "host": // starts a provider and dies without a word
		p, err := Start(Spec{Path: argument, Env: []string{roleVariable + "=sleep"}, Log: func(line string) { fmt.Println(line) }})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		<-p.Done()
	}
	return 0
}
