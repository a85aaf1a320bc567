package main

import (
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// bench times minting and decoding a user and decoding a large account, in microseconds.
func bench() map[string]float64 {
	pair, id := must(nkeys.CreateAccount()), newKey(nkeys.PrefixByteUser)
	user := mint(pair, id)
	account := must(largeAccount(must(pair.PublicKey())).Encode(pair))
	return map[string]float64{
		"mint_us":    microseconds(func() { mint(pair, id) }),
		"decode_us":  microseconds(func() { must(jwt.DecodeUserClaims(user)) }),
		"account_us": microseconds(func() { must(jwt.DecodeAccountClaims(account)) }),
	}
}

func mint(pair nkeys.KeyPair, id string) string {
	claims := jwt.NewUserClaims(id)
	claims.Name = "svc"
	claims.Expires = time.Now().Add(time.Hour).Unix()
	claims.Pub.Allow.Add("orders.>", "invoices.*")
	claims.Sub.Allow.Add("_INBOX.>", "events.>")
	return must(claims.Encode(pair))
}

func largeAccount(id string) *jwt.AccountClaims {
	claims := jwt.NewAccountClaims(id)
	claims.Name = "large"
	exporter := newKey(nkeys.PrefixByteAccount)
	for i := range 20 {
		subject := jwt.Subject(fmt.Sprintf("service.%d.>", i))
		claims.Exports.Add(&jwt.Export{Name: "export", Subject: subject, Type: jwt.Service})
		claims.Imports.Add(&jwt.Import{
			Name: "import", Subject: subject, Account: exporter, Type: jwt.Stream,
		})
	}
	claims.Revocations = jwt.RevocationList{}
	for range 200 {
		claims.Revocations.Revoke(newKey(nkeys.PrefixByteUser), time.Now())
	}
	return claims
}

func newKey(role nkeys.PrefixByte) string {
	return must(must(nkeys.CreatePair(role)).PublicKey())
}

func microseconds(work func()) float64 {
	result := testing.Benchmark(func(b *testing.B) {
		for range b.N {
			work()
		}
	})
	return float64(result.T.Nanoseconds()) / float64(result.N) / 1000
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
