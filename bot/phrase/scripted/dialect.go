package scripted

// Dialect is how one server speaks the protocol.
type Dialect struct {
	Name string
	// Path is what its base URL ends in.
	Path string
	// NeedsKey refuses a request without any key.
	NeedsKey bool
	// Thinks has the model think unless the request has a field of ThinkOff with its value.
	// Fields of fields are written with a dot.
	Thinks   bool
	ThinkOff map[string]any
	// Thoughts is how they travel.
	Thoughts ThoughtStyle
	// KeepAlive: while a request waits, comments in a stream and blank lines otherwise.
	KeepAlive bool
	// Usage says when a stream ends in a chunk with usage and without choices.
	Usage UsageStyle
	// StreamOnly refuses requests that want no stream; ThinkStream those that want to think without one.
	StreamOnly, ThinkStream bool
	// Unknown are fields that it refuses.
	Unknown []string
	// Odd writes streams as text/plain with a byte-order mark, CR LF, no blank after "data:",
	// event lines, data in two lines and fields that nobody knows.
	Odd bool
	// MaxTexts is how many texts it embeds at once; 0: any number.
	MaxTexts int
	// Errors are its bodies for what it refuses; plainErrors has the rest. %s is the model.
	Errors map[Error]string
}

// ThoughtStyle is how thoughts travel.
type ThoughtStyle string

// The ways thoughts travel.
const (
	ReasoningContent ThoughtStyle = "reasoning_content"
	Reasoning        ThoughtStyle = "reasoning"
	ThinkTags        ThoughtStyle = "<think>…</think>" // in the words
	LoneTag          ThoughtStyle = "…</think>"        // in the words, opened by the template of the prompt
)

// UsageStyle says when a stream tells its usage.
type UsageStyle string

// When a stream tells its usage.
const (
	UsageAsked  UsageStyle = ""       // when stream_options asks for it
	UsageAlways UsageStyle = "always" // in every stream
	UsageEach   UsageStyle = "each"   // in every chunk
	UsageNever  UsageStyle = "never"
)

// The servers.
var (
	Plain = Dialect{Name: "plain", Path: "/v1", Thoughts: ReasoningContent}

	DeepSeek = Dialect{
		Name: "DeepSeek", NeedsKey: true, Thinks: true, ThinkOff: map[string]any{"thinking.type": "disabled"},
		Thoughts: ReasoningContent, KeepAlive: true, Usage: UsageAlways,
		Errors: map[Error]string{
			BadKey:  `{"error":{"message":"Authentication Fails, Your api key is invalid","type":"authentication_error","param":null,"code":"invalid_request_error"}}`,
			NoMoney: `{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}`,
			NoModel: `{"error":{"message":"Model Not Exist","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}`,
		},
	}

	DashScope = Dialect{
		Name: "DashScope", Path: "/compatible-mode/v1", NeedsKey: true, Thinks: true, ThinkOff: map[string]any{"enable_thinking": false},
		Thoughts: ReasoningContent, ThinkStream: true, MaxTexts: 10,
		Errors: map[Error]string{
			BadKey:   `{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","param":null,"code":"invalid_api_key"},"request_id":"0b2a"}`,
			NoMoney:  `{"error":{"message":"Access denied, please make sure your account is in good standing.","type":"Arrearage","param":null,"code":"Arrearage"},"request_id":"0b2a"}`,
			NoModel:  `{"error":{"message":"The model %s does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"},"request_id":"0b2a"}`,
			Filtered: `{"error":{"message":"Input data may contain inappropriate content.","type":"data_inspection_failed","param":null,"code":"data_inspection_failed"},"id":"chatcmpl-0b2a","request_id":"0b2a","code":"DataInspectionFailed"}`,
			Limited:  `{"error":{"message":"You exceeded your current requests list.","type":"limit_requests","param":null,"code":"limit_requests"},"request_id":"0b2a"}`,
		},
	}

	DashScopeStreamOnly = with(DashScope, "DashScope, stream only", func(d *Dialect) { d.StreamOnly = true })

	Ollama = Dialect{
		Name: "Ollama", Path: "/v1", Thinks: true, ThinkOff: map[string]any{"reasoning_effort": "none"}, Thoughts: Reasoning,
		Errors: map[Error]string{
			NoModel: `{"error":{"message":"model \"%s\" not found, try pulling it first","type":"api_error","param":null,"code":null}}`,
		},
	}

	// OllamaRaw is an older one, or a model whose template it does not know.
	OllamaRaw = with(Ollama, "Ollama, raw", func(d *Dialect) { d.Thoughts, d.ThinkOff = ThinkTags, nil })

	VLLM = Dialect{
		Name: "vLLM", Path: "/v1", Thinks: true, ThinkOff: map[string]any{"chat_template_kwargs.enable_thinking": false}, Thoughts: Reasoning,
		Errors: map[Error]string{
			BadKey:  `{"error":"Unauthorized"}`,
			NoModel: `{"error":{"message":"The model %s does not exist.","type":"NotFoundError","param":"model","code":404}}`,
		},
	}

	VLLMOld = with(VLLM, "vLLM, before the field was renamed", func(d *Dialect) { d.Thoughts = ReasoningContent })
	// VLLMNoParser was started without --reasoning-parser.
	VLLMNoParser = with(VLLM, "vLLM without a parser", func(d *Dialect) { d.Thoughts = ThinkTags })
	// VLLMTemplate opens the thoughts in the prompt: only their end is in the words.
	VLLMTemplate   = with(VLLM, "vLLM, opened by the template", func(d *Dialect) { d.Thoughts = LoneTag })
	VLLMContinuous = with(VLLM, "vLLM with continuous usage", func(d *Dialect) { d.Usage = UsageEach })

	GLM = Dialect{
		Name: "GLM", Path: "/api/paas/v4", NeedsKey: true, Thinks: true, ThinkOff: map[string]any{"thinking.type": "disabled"},
		Thoughts: ReasoningContent, Usage: UsageAlways,
		Errors: map[Error]string{Filtered: `{"contentFilter":[{"level":1,"role":"user"}],"error":{"code":"1301","message":"系统检测到输入或生成内容可能包含不安全或敏感内容"}}`},
	}
	Ark      = Dialect{Name: "Ark", Path: "/api/v3", NeedsKey: true, Thinks: true, ThinkOff: map[string]any{"thinking.type": "disabled"}, Thoughts: ReasoningContent}
	Qianfan  = Dialect{Name: "Qianfan", Path: "/v2", NeedsKey: true, Thoughts: ReasoningContent}
	Kimi     = Dialect{Name: "Kimi", Path: "/v1", NeedsKey: true, Thoughts: ReasoningContent}
	LMStudio = Dialect{Name: "LM Studio", Path: "/v1", Thinks: true, Thoughts: ThinkTags, Usage: UsageNever, Unknown: []string{"stream_options"}}
	OneAPI   = Dialect{Name: "one-api", Path: "/v1", NeedsKey: true, Thoughts: ReasoningContent, Odd: true}
	// Newer takes only max_completion_tokens.
	Newer = Dialect{Name: "max_completion_tokens only", Path: "/v1", Thoughts: ReasoningContent, Unknown: []string{"max_tokens"}}
)

// Dialects are all of them, for tests that go through every one.
var Dialects = []Dialect{
	Plain, DeepSeek, DashScope, DashScopeStreamOnly, Ollama, OllamaRaw, VLLM, VLLMOld, VLLMNoParser, VLLMTemplate,
	VLLMContinuous, GLM, Ark, Qianfan, Kimi, LMStudio, OneAPI, Newer,
}

func with(d Dialect, name string, change func(*Dialect)) Dialect {
	d.Name = name
	change(&d)
	return d
}

var statuses = map[Error]int{
	BadKey: 401, NoMoney: 402, NoModel: 404, Limited: 429, Filtered: 400, BadField: 400, Broken: 500, Busy: 503,
}

var plainErrors = map[Error]string{
	BadKey:   `{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`,
	NoMoney:  `{"error":{"message":"Insufficient Balance","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`,
	NoModel:  `{"error":{"message":"The model %s does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}}`,
	Limited:  `{"error":{"message":"Rate limit reached","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}`,
	Filtered: `{"error":{"message":"content_filter","type":"invalid_request_error","param":null,"code":"content_filter"}}`,
	BadField: `{"error":{"message":"Unrecognized request argument supplied","type":"invalid_request_error","param":null,"code":null}}`,
	Broken:   `{"error":{"message":"The server had an error while processing your request","type":"server_error","param":null,"code":null}}`,
	Busy:     `{"error":{"message":"The engine is currently overloaded","type":"server_error","param":null,"code":null}}`,
}

// thinkingOff reports whether a request turns the model's thoughts off.
func (d Dialect) thinkingOff(body map[string]any) bool {
	for path, want := range d.ThinkOff {
		if got, ok := lookUp(body, path); ok && got == want {
			return true
		}
	}
	return false
}
