using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace TeredoSdk.Mutation;

/// <summary>One small change of one file.</summary>
/// <param name="File">The file's path in the checkout.</param>
/// <param name="Span">What is replaced.</param>
/// <param name="Line">Its line, counted from 1.</param>
/// <param name="Before">What stands there.</param>
/// <param name="After">What shall stand there.</param>
/// <param name="Code">The line's code.</param>
sealed record Mutant(string File, TextSpan Span, int Line, string Before, string After, string Code)
{
    const int ShownCharacters = 70;

    /// <summary>How it is shown, and named in equal.tsv.</summary>
    public string ShownBefore => Short(Before);

    /// <summary>How it is shown, and named in equal.tsv.</summary>
    public string ShownAfter => After.Length == 0 ? "(nothing)" : Short(After);

    public override string ToString() => $"{File}:{Line}: {ShownBefore}  ->  {ShownAfter}    [{Code}]";

    public string ApplyTo(string text) => string.Concat(text.AsSpan(0, Span.Start), After, text.AsSpan(Span.End));

    static string Short(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= ShownCharacters ? line : line[..ShownCharacters] + "...";
    }
}

/// <summary>Finds the mutants of a file: a comparison or its limit changed, a check turned round or dropped, a number changed, a call skipped.</summary>
sealed class MutantFinder(string file, SourceText text) : CSharpSyntaxWalker
{
    readonly List<Mutant> _found = [];

    public static IReadOnlyList<Mutant> Find(string file, string source)
    {
        var tree = CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Preview));
        var finder = new MutantFinder(file, tree.GetText());
        finder.Visit(tree.GetRoot());
        return finder._found;
    }

    public override void VisitAttributeList(AttributeListSyntax node)
    {
        // Says something to the compiler or to tools.
    }

    public override void VisitThrowStatement(ThrowStatementSyntax node)
    {
        // What a message says is not what is looked for; that it is thrown, the condition above it says.
    }

    public override void VisitThrowExpression(ThrowExpressionSyntax node)
    {
    }

    public override void VisitInterpolatedStringExpression(InterpolatedStringExpressionSyntax node)
    {
        // A text for people.
    }

    // Logs are for people too; tests hold the few that matter.
    public override void VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        if (node.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: "ConfigureAwait" } awaited)
            Visit(awaited.Expression); // shows under a synchronization context only, and ContextTests has one
        else if (!IsText(node))
            base.VisitInvocationExpression(node);
    }

    public override void VisitMethodDeclaration(MethodDeclarationSyntax node)
    {
        // Each hash is right as long as equal things have the same; how well it spreads, tests of its own hold.
        if (node.Identifier.Text is not (nameof(GetHashCode) or "Hash"))
            base.VisitMethodDeclaration(node);
    }

    public override void VisitPropertyDeclaration(PropertyDeclarationSyntax node)
    {
        if (node.Identifier.Text != "Fingerprint") // as a hash
            base.VisitPropertyDeclaration(node);
    }

    public override void VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        foreach (string other in Others(node.OperatorToken.Kind()).Skip(IsChoiceOfOperand(node) ? 1 : 0))
            Add(node.OperatorToken.Span, node.OperatorToken.Text, other);
        base.VisitBinaryExpression(node);
    }

    // x < y ? x : y, whose first other operator is <=: of two equal values it does not matter which one is taken.
    static bool IsChoiceOfOperand(BinaryExpressionSyntax node) => node.Parent is ConditionalExpressionSyntax choice && choice.Condition == node
        && node.OperatorToken.Kind() is SyntaxKind.LessThanToken or SyntaxKind.LessThanEqualsToken or SyntaxKind.GreaterThanToken or SyntaxKind.GreaterThanEqualsToken
        && new HashSet<string> { node.Left.ToString(), node.Right.ToString() }.SetEquals([choice.WhenTrue.ToString(), choice.WhenFalse.ToString()]);

    public override void VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        if (node.IsKind(SyntaxKind.TrueLiteralExpression))
            Add(node.Span, "true", "false");
        else if (node.IsKind(SyntaxKind.FalseLiteralExpression))
            Add(node.Span, "false", "true");
        else if (node.IsKind(SyntaxKind.NumericLiteralExpression))
            Add(node.Span, node.Token.Text, $"({node.Token.Text} + 1)");
    }

    public override void VisitIfStatement(IfStatementSyntax node)
    {
        Add(node.Condition.Span, node.Condition.ToString(), $"!({node.Condition})");
        if (IsOfThisSystem(node.Condition) is { } known)
        {
            Visit(known ? node.Statement : node.Else);
            return;
        }
        Add(node.Condition.Span, node.Condition.ToString(), "false");
        base.VisitIfStatement(node);
    }

    public override void VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        Add(node.Span, node.ToString(), $"({node.Condition}) ? ({node.WhenFalse}) : ({node.WhenTrue})");
        if (IsOfThisSystem(node.Condition) is { } known)
            Visit(known ? node.WhenTrue : node.WhenFalse);
        else
            base.VisitConditionalExpression(node);
    }

    // What is done on another system, no test of this one sees. Null when the condition asks something else.
    static bool? IsOfThisSystem(ExpressionSyntax condition) => condition.ToString() switch
    {
        "OperatingSystem.IsLinux()" or "!OperatingSystem.IsWindows()" => true,
        "OperatingSystem.IsWindows()" or "!OperatingSystem.IsLinux()" => false,
        _ => null,
    };

    public override void VisitArgument(ArgumentSyntax node)
    {
        // Which queue of the thread pool an item waits in shows nowhere.
        if (node.NameColon?.Name.Identifier.Text != "preferLocal" && !IsFlag(node))
            base.VisitArgument(node);
    }

    // Interlocked.Exchange(ref _disposed, 1), or Volatile.Write: such a flag is compared with 0 alone, so 2 is as good.
    static bool IsFlag(ArgumentSyntax node) => node.Expression.ToString() == "1" && node.Parent?.Parent is InvocationExpressionSyntax call
        && call.Expression.ToString() is "Interlocked.Exchange" or "Volatile.Write" && call.ArgumentList.Arguments.IndexOf(node) == 1;

    public override void VisitPrefixUnaryExpression(PrefixUnaryExpressionSyntax node)
    {
        if (node.IsKind(SyntaxKind.LogicalNotExpression))
            Add(node.OperatorToken.Span, node.ToString(), "");
        base.VisitPrefixUnaryExpression(node);
    }

    public override void VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        if (node.Expression is InvocationExpressionSyntax call && (IsText(call) || IsPoolReturn(call)))
            return;
        string code = node.ToString();
        if (node.Expression is InvocationExpressionSyntax or AwaitExpressionSyntax or AssignmentExpressionSyntax { RawKind: not (int)SyntaxKind.SimpleAssignmentExpression })
            Add(node.Span, code, ";");
        base.VisitExpressionStatement(node);
    }

    // What is not given back is garbage, no more; where garbage matters, tests count what is allocated.
    static bool IsPoolReturn(InvocationExpressionSyntax call) => call.Expression.ToString().EndsWith("Pool<byte>.Shared.Return", StringComparison.Ordinal);

    static bool IsText(InvocationExpressionSyntax call) =>
        call.Expression.ToString() is var name && (name == "nameof" || name.StartsWith("Log.", StringComparison.Ordinal) || name.StartsWith("MappingLog.", StringComparison.Ordinal));

    void Add(TextSpan span, string before, string after)
    {
        var line = text.Lines.GetLineFromPosition(span.Start);
        _found.Add(new(file, span, line.LineNumber + 1, before, after, line.ToString().Trim()));
    }

    static string[] Others(SyntaxKind operation) => operation switch
    {
        SyntaxKind.LessThanToken => ["<=", ">="],
        SyntaxKind.LessThanEqualsToken => ["<", ">"],
        SyntaxKind.GreaterThanToken => [">=", "<="],
        SyntaxKind.GreaterThanEqualsToken => [">", "<"],
        SyntaxKind.EqualsEqualsToken => ["!="],
        SyntaxKind.ExclamationEqualsToken => ["=="],
        SyntaxKind.AmpersandAmpersandToken => ["||"],
        SyntaxKind.BarBarToken => ["&&"],
        SyntaxKind.PlusToken => ["-"],
        SyntaxKind.MinusToken => ["+"],
        SyntaxKind.AsteriskToken => ["/"],
        SyntaxKind.SlashToken => ["*"],
        _ => [],
    };
}
