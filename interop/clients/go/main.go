// Command clients puts clients of Kafka that others wrote in Go to the test: clients franz|sarama BOOTSTRAP.
// See ../README.md.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const limit = time.Minute

func main() {
	programs := map[string]func(servers []string){"franz": franz, "sarama": saramaClient}
	if len(os.Args) != 3 || programs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "clients franz|sarama BOOTSTRAP")
		os.Exit(2)
	}
	programs[os.Args[1]](strings.Split(os.Args[2], ","))
}

func done(step string) {
	fmt.Println("ok", step)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

func check(holds bool, what string, about ...any) {
	if !holds {
		panic(fmt.Sprint(what, ": ", fmt.Sprint(about...)))
	}
}

func until(what string, holds func() bool) {
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(20 * time.Millisecond) {
		check(time.Now().Before(deadline), what)
	}
}

// number is what a record begins with.
func number(value []byte) int {
	return got(strconv.Atoi(strings.Fields(string(value))[0]))
}

func text(number int) []byte {
	return []byte(fmt.Sprint(number, " ", strings.Repeat("and so on ", 20)))
}
