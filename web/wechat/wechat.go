// Package wechat is the adapter of a WeChat official account 公众号.
//
// Start at Channel: callback.go answers WeChat's requests, in crypt.go, parse.go and guard.go
// what comes from outside is checked before anything looks at it; turn.go makes a citizen's
// line of a push; deliver.go has the one answer go out once, within the request or later;
// render.go shapes a reply for a phone. Client (client.go) calls WeChat's interfaces.
package wechat
