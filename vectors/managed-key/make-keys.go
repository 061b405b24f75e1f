// Makes keys.json: key files as go-securesystemslib's package encrypted writes them, which is what cosign uses.
//
//	go mod init keys && go get github.com/secure-systems-lab/go-securesystemslib/encrypted@v0.11.0 && go run . > keys.json
package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

type out struct {
	Desc     string `json:"desc"`
	Password string `json:"password"`
	PEM      string `json:"pem"`
	Public   string `json:"public"`
}

func main() {
	var outs []out
	add := func(desc, label, password string, priv any, pub any, level encrypted.KDFParameterStrength) {
		der, err := x509.MarshalPKCS8PrivateKey(priv)
		if err != nil {
			panic(err)
		}
		box, err := encrypted.EncryptWithCustomKDFParameters(der, []byte(password), level)
		if err != nil {
			panic(err)
		}
		spki, _ := x509.MarshalPKIXPublicKey(pub)
		outs = append(outs, out{desc, password, string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: box})), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))})
	}
	const s, c = "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"
	k1, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	add("P-256, standard strength", s, "correct horse", k1, k1.Public(), encrypted.Standard)
	k2, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	add("P-256, legacy strength, the label of older versions, no password", c, "", k2, k2.Public(), encrypted.Legacy)
	k3, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	add("P-384, OWASP strength, a password beyond ASCII", s, "pässwörd ☂", k3, k3.Public(), encrypted.OWASP)
	k4, _ := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	add("P-521", s, "x", k4, k4.Public(), encrypted.Standard)
	p5, k5, _ := ed25519.GenerateKey(rand.Reader)
	add("Ed25519", s, "x", k5, p5, encrypted.Standard)
	k6, _ := rsa.GenerateKey(rand.Reader, 2048)
	add("RSA of 2048 bits", s, "x", k6, k6.Public(), encrypted.Standard)
	b, _ := json.MarshalIndent(outs, "", "  ")
	fmt.Println(string(b))
}
