package expr

import (
	"slices"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
)

// Token is a word of an expression. Its From and To count characters, not bytes.
type Token = lexer.Token

// The kinds of tokens that are told apart.
const (
	TokenIdentifier = lexer.Identifier
	TokenOperator   = lexer.Operator
	TokenBracket    = lexer.Bracket
	TokenString     = lexer.String
	TokenBytes      = lexer.Bytes
)

// Tokens are the words of an expression, without spaces and comments; false when it can't be read or says nothing.
func Tokens(source string) ([]Token, bool) {
	tokens, err := lexer.Lex(file.NewSource(source))
	if err != nil || len(tokens) == 0 {
		return nil, false
	}
	return slices.DeleteFunc(tokens, func(t Token) bool { return t.Kind == lexer.EOF }), true
}
