package scripted

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"math"
	"net/http"
	"strings"
)

// Vector is what the server returns for a text: its characters and pairs of them, hashed into so
// many dimensions, of length one. Texts that share words are near each other, and the same text
// has the same vector for ever.
func Vector(text string, dimensions int) []float32 {
	v := make([]float64, dimensions)
	add := func(s string, weight float64) {
		h := fnv.New64a()
		_, _ = h.Write([]byte(s))
		sum := h.Sum64()
		if sum>>63 == 1 {
			weight = -weight
		}
		v[sum%uint64(dimensions)] += weight
	}
	r := []rune(strings.ToLower(text))
	for i := range r {
		add(string(r[i:i+1]), 0.5)
		if i > 0 {
			add(string(r[i-1:i+1]), 1)
		}
	}
	var sum float64
	for _, x := range v {
		sum += x * x
	}
	out := make([]float32, dimensions)
	if sum == 0 {
		out[0] = 1
		return out
	}
	for i, x := range v {
		out[i] = float32(x / math.Sqrt(sum))
	}
	return out
}

func (s *Server) embeddings(w http.ResponseWriter, r *http.Request) {
	req, fields, ok := s.read(w, r)
	if !ok {
		return
	}
	if len(req.Input) == 0 || (s.cfg.Dialect.MaxTexts > 0 && len(req.Input) > s.cfg.Dialect.MaxTexts) {
		s.refuse(w, BadField, "")
		return
	}
	p := &player{s: s, w: w, r: r, a: s.take(&s.vectors, Answer{}), model: req.Chat.Model}
	if p.instead() || !p.wait(p.a.Wait, p.a.Hold, "") {
		return
	}
	p.head("application/json")
	if p.a.Fault == Huge || p.a.Fault == HugeLine {
		p.write([]byte(`{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0`))
		p.endless(strings.Repeat(",0.125", 1<<11))
		p.write([]byte(`]}]}`))
		return
	}
	dimensions := s.cfg.Dimensions
	if n, ok := fields["dimensions"].(float64); ok && n > 0 && int(n) <= 4096 {
		dimensions = int(n)
	}
	data := p.embed(req.Input, dimensions, fields["encoding_format"] == "base64")
	p.write(encode(map[string]any{
		"object": "list", "model": req.Chat.Model, "data": data,
		"usage": map[string]any{"prompt_tokens": len(strings.Join(req.Input, "")), "total_tokens": len(strings.Join(req.Input, ""))},
	}))
}

// embed makes the list of vectors, with the fault of the answer.
func (p *player) embed(texts []string, dimensions int, packed bool) []any {
	if p.a.Fault == FewVectors {
		texts = texts[:len(texts)-1]
	}
	if p.a.Fault == OtherSize {
		dimensions++
	}
	data := []any{}
	for i, text := range texts {
		v := Vector(text, dimensions)
		if p.a.Fault == ZeroVector {
			v = make([]float32, dimensions)
		}
		entry := map[string]any{"object": "embedding", "index": i, "embedding": v}
		switch {
		case p.a.Fault == NullVectors:
			entry["embedding"] = nil
		case p.a.Fault == SameIndex:
			entry["index"] = 0
		case p.a.Fault == HugeNumber:
			wide := make([]float64, dimensions)
			wide[0] = 1e300
			entry["embedding"] = wide
		case packed:
			entry["embedding"] = pack(v)
		}
		data = append(data, entry)
	}
	if p.a.Fault == OtherOrder {
		for i, j := 0, len(data)-1; i < j; i, j = i+1, j-1 {
			data[i], data[j] = data[j], data[i]
		}
	}
	return data
}

// pack is the base64 of little-endian float32s.
func pack(v []float32) string {
	b := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(b)
}
