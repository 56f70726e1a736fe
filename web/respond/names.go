package respond

import "reflect"

// typeNames are Go's kinds as the sender of JSON knows them.
var typeNames = map[reflect.Kind]string{
	reflect.String: "字符串", reflect.Bool: "true 或 false",
	reflect.Int: "整数", reflect.Int8: "整数", reflect.Int16: "整数", reflect.Int32: "整数", reflect.Int64: "整数",
	reflect.Float64: "数字", reflect.Struct: "对象", reflect.Slice: "数组", reflect.Map: "对象",
}
