// Command interop answers questions about jwt/v2 and nkeys: JSON requests on standard input, one
// JSON answer a line on standard output. With the argument "bench" it times them instead.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// request holds the members of every operation; encoding/json reads the []byte as base64.
type request struct {
	Op        string          `json:"op"`
	Type      string          `json:"type"`
	Claims    json.RawMessage `json:"claims"`
	Token     string          `json:"token"`
	Seed      string          `json:"seed"`
	Key       string          `json:"key"`
	Text      string          `json:"text"`
	Data      []byte          `json:"data"`
	Signature []byte          `json:"signature"`
}

type answer map[string]any

var operations = map[string]func(*request) (answer, error){
	"encode":      encode,
	"decode":      decode,
	"keys":        keys,
	"public":      public,
	"sign":        sign,
	"verify":      verify,
	"seal":        seal,
	"open":        open,
	"creds":       creds,
	"parse_creds": parseCreds,
}

func main() {
	log.SetFlags(0)
	out := json.NewEncoder(os.Stdout)
	if len(os.Args) == 2 && os.Args[1] == "bench" {
		if err := out.Encode(bench()); err != nil {
			log.Fatal(err)
		}
		return
	}
	in := json.NewDecoder(os.Stdin)
	for {
		var r request
		if err := in.Decode(&r); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(respond(&r)); err != nil {
			log.Fatal(err)
		}
	}
}

func respond(r *request) answer {
	operation, known := operations[r.Op]
	if !known {
		log.Fatalf("unknown operation %q", r.Op)
	}
	return attempt(func() (answer, error) { return operation(r) })
}

// attempt turns an error or a panic of one step into an answer.
func attempt(step func() (answer, error)) (result answer) {
	defer func() {
		if p := recover(); p != nil {
			result = answer{"error": fmt.Sprintf("panic: %v", p)}
		}
	}()
	result, err := step()
	if err != nil {
		return answer{"error": err.Error()}
	}
	return result
}

// draft unmarshals the claims into the zero value of their type.
func draft(r *request) (jwt.Claims, error) {
	var claims jwt.Claims
	switch r.Type {
	case jwt.OperatorClaim:
		claims = &jwt.OperatorClaims{}
	case jwt.AccountClaim:
		claims = &jwt.AccountClaims{}
	case jwt.UserClaim:
		claims = &jwt.UserClaims{}
	case jwt.ActivationClaim:
		claims = &jwt.ActivationClaims{}
	case jwt.AuthorizationRequestClaim:
		claims = &jwt.AuthorizationRequestClaims{}
	case jwt.AuthorizationResponseClaim:
		claims = &jwt.AuthorizationResponseClaims{}
	case jwt.GenericClaim:
		claims = &jwt.GenericClaims{}
	default:
		log.Fatalf("unknown claim type %q", r.Type)
	}
	return claims, json.Unmarshal(r.Claims, claims)
}

// encode validates one copy of the claims and encodes another, because both change what they see.
func encode(r *request) (answer, error) {
	pair, err := nkeys.FromSeed([]byte(r.Seed))
	if err != nil {
		return nil, err
	}
	validated, err := draft(r)
	if err != nil {
		return nil, err
	}
	encoded, err := draft(r)
	if err != nil {
		return nil, err
	}
	result := attempt(func() (answer, error) {
		token, err := encoded.Encode(pair)
		return answer{"token": token, "iat": encoded.Claims().IssuedAt}, err
	})
	result["validation"] = attempt(func() (answer, error) {
		return answer{"issues": issues(validated)}, nil
	})
	return result, nil
}

func issues(claims jwt.Claims) []answer {
	results := jwt.CreateValidationResults()
	claims.Validate(results)
	found := make([]answer, 0, len(results.Issues))
	for _, issue := range results.Issues {
		found = append(found, answer{
			"description": issue.Description,
			"blocking":    issue.Blocking,
			"time_check":  issue.TimeCheck,
		})
	}
	return found
}

// decode answers for Decode, and under "generic" for DecodeGeneric.
func decode(r *request) (answer, error) {
	result := attempt(func() (answer, error) {
		claims, err := jwt.Decode(r.Token)
		if err != nil {
			return nil, err
		}
		return content(claims)
	})
	result["generic"] = attempt(func() (answer, error) {
		claims, err := jwt.DecodeGeneric(r.Token)
		if err != nil {
			return nil, err
		}
		return content(claims)
	})
	return result, nil
}

// content gives decoded claims as JSON; a few that are read cannot be written again.
func content(claims jwt.Claims) (answer, error) {
	result := answer{"type": claims.ClaimType()}
	text, err := json.Marshal(claims)
	if err != nil {
		result["unwritable"] = err.Error()
	} else {
		result["claims"] = json.RawMessage(text)
	}
	return result, nil
}

func keys(r *request) (answer, error) {
	pair, err := nkeys.FromSeed([]byte(r.Seed))
	if err != nil {
		return nil, err
	}
	publicKey, err := pair.PublicKey()
	if err != nil {
		return nil, err
	}
	privateKey, err := pair.PrivateKey()
	return answer{"public": publicKey, "private": string(privateKey)}, err
}

// public names the roles whose test the text passes.
func public(r *request) (answer, error) {
	tests := map[string]func(string) bool{
		"operator": nkeys.IsValidPublicOperatorKey,
		"account":  nkeys.IsValidPublicAccountKey,
		"user":     nkeys.IsValidPublicUserKey,
		"server":   nkeys.IsValidPublicServerKey,
		"cluster":  nkeys.IsValidPublicClusterKey,
		"curve":    nkeys.IsValidPublicCurveKey,
	}
	roles := []string{}
	for role, passes := range tests {
		if passes(r.Key) {
			roles = append(roles, role)
		}
	}
	return answer{"roles": roles, "valid": nkeys.IsValidPublicKey(r.Key)}, nil
}

func sign(r *request) (answer, error) {
	pair, err := nkeys.FromSeed([]byte(r.Seed))
	if err != nil {
		return nil, err
	}
	signature, err := pair.Sign(r.Data)
	return answer{"signature": signature}, err
}

func verify(r *request) (answer, error) {
	pair, err := nkeys.FromPublicKey(r.Key)
	if err != nil {
		return nil, err
	}
	return answer{}, pair.Verify(r.Data, r.Signature)
}

// seal encrypts data with the seed for the public curve key.
func seal(r *request) (answer, error) {
	pair, err := nkeys.FromCurveSeed([]byte(r.Seed))
	if err != nil {
		return nil, err
	}
	sealed, err := pair.Seal(r.Data, r.Key)
	return answer{"data": sealed}, err
}

// open decrypts data with the seed, from the sender with the public curve key.
func open(r *request) (answer, error) {
	pair, err := nkeys.FromCurveSeed([]byte(r.Seed))
	if err != nil {
		return nil, err
	}
	plain, err := pair.Open(r.Data, r.Key)
	return answer{"data": append([]byte{}, plain...)}, err
}

func creds(r *request) (answer, error) {
	text, err := jwt.FormatUserConfig(r.Token, []byte(r.Seed))
	return answer{"text": string(text)}, err
}

func parseCreds(r *request) (answer, error) {
	token, err := jwt.ParseDecoratedJWT([]byte(r.Text))
	if err != nil {
		return nil, err
	}
	pair, err := jwt.ParseDecoratedUserNKey([]byte(r.Text))
	if err != nil {
		return nil, err
	}
	seed, err := pair.Seed()
	return answer{"token": token, "seed": string(seed)}, err
}
