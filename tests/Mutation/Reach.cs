using System.Globalization;
using System.IO.MemoryMappedFiles;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using NUnit.Framework.Interfaces;

namespace TeredoSdk.Mutation;

/// <summary>A test, how long it took, and the members that ran meanwhile.</summary>
sealed record TestReach(string Name, string Class, double Seconds, bool IsRed, int[] Members)
{
    public static void Write(string file, IEnumerable<TestReach> tests) => File.WriteAllLines(file, tests.Select(test =>
        string.Create(CultureInfo.InvariantCulture, $"{test.Seconds}\t{test.IsRed}\t{string.Join(' ', test.Members)}\t{test.Class}\t{test.Name}")));

    public static TestReach[] Read(string file) => [.. File.ReadAllLines(file).Select(line => line.Split('\t')).Select(part => new TestReach(
        part[4], part[3], double.Parse(part[0], CultureInfo.InvariantCulture), bool.Parse(part[1]),
        [.. part[2].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)]))];
}

/// <summary>An octet for each member, which is set when it runs. The tests' process and those that it starts share the file.</summary>
sealed class ReachMap
{
    /// <summary>The file beside a program that names the map. A variable would not do: the laboratory's programs get none of the tests' own.</summary>
    public const string Pointer = "reach.path";

    readonly MemoryMappedViewAccessor _map;
    readonly byte[] _seen, _none;

    ReachMap(string file)
    {
        _map = MemoryMappedFile.CreateFromFile(file).CreateViewAccessor();
        _seen = new byte[_map.Capacity];
        _none = new byte[_map.Capacity];
    }

    public static ReachMap Open() => new(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, Pointer)));

    /// <summary>Takes what ran since the last call. What ran before a test is its class's setup.</summary>
    public void Take(List<TestReach> learned, ITest test, bool isSetup, double seconds = 0, bool isRed = false)
    {
        _map.ReadArray(0, _seen, 0, _seen.Length);
        _map.WriteArray(0, _none, 0, _none.Length);
        int[] members = [.. Enumerable.Range(0, _seen.Length).Where(i => _seen[i] != 0)];
        if (test.FullName.AsSpan().ContainsAny("\t\n\r"))
            return; // such a name has no line in a plan
        if (!isSetup || members.Length > 0)
            learned.Add(new(isSetup ? "" : test.FullName, test.ClassName ?? "", seconds, isRed, members));
    }
}

/// <summary>Puts a line at the start of each member that says it ran.</summary>
sealed class ReachWriter : CSharpSyntaxWalker
{
    /// <summary>The type that those lines call.</summary>
    public const string Probe = $$"""
        static class ReachProbe
        {
            static readonly System.IO.MemoryMappedFiles.MemoryMappedViewAccessor? Map = Open();

            internal static void Hit(int member) => Map?.Write(member, (byte)1);

            static System.IO.MemoryMappedFiles.MemoryMappedViewAccessor? Open()
            {
                string pointer = System.IO.Path.Combine(System.AppContext.BaseDirectory, "{{ReachMap.Pointer}}");
                return System.IO.File.Exists(pointer) && System.IO.File.ReadAllText(pointer) is var map && System.IO.File.Exists(map)
                    ? System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(map, System.IO.FileMode.Open).CreateViewAccessor() : null;
            }
        }
        """;

    readonly List<(TextSpan Where, string Text)> _edits = [];
    readonly List<Member> _members;
    readonly string _file;

    ReachWriter(string file, List<Member> members) => (_file, _members) = (file, members);

    /// <returns>The changed text. The members are added to the list; their numbers are their places in it.</returns>
    public static string Apply(string file, SyntaxTree tree, List<Member> members)
    {
        ReachWriter writer = new(file, members);
        writer.Visit(tree.GetRoot());
        string text = tree.GetText().ToString();
        foreach (var (where, replacement) in writer._edits.OrderByDescending(edit => edit.Where.Start))
            text = string.Concat(text.AsSpan(0, where.Start), replacement, text.AsSpan(where.End));
        return text;
    }

    public override void VisitMethodDeclaration(MethodDeclarationSyntax node) =>
        Add(node, node.Body, node.ExpressionBody, returns: node.ReturnType.ToString() is not "void"
            && !(node.Modifiers.Any(SyntaxKind.AsyncKeyword) && node.ReturnType.ToString() is "Task" or "ValueTask"));

    public override void VisitOperatorDeclaration(OperatorDeclarationSyntax node) => Add(node, node.Body, node.ExpressionBody, returns: node.ReturnType.ToString() is not "void");

    public override void VisitConversionOperatorDeclaration(ConversionOperatorDeclarationSyntax node) => Add(node, node.Body, node.ExpressionBody, returns: true);

    public override void VisitConstructorDeclaration(ConstructorDeclarationSyntax node)
    {
        if (!node.Modifiers.Any(SyntaxKind.StaticKeyword))
            Add(node, node.Body, node.ExpressionBody, returns: false);
    }

    public override void VisitDestructorDeclaration(DestructorDeclarationSyntax node) => Add(node, node.Body, node.ExpressionBody, returns: false);

    public override void VisitAccessorDeclaration(AccessorDeclarationSyntax node) => Add(node, node.Body, node.ExpressionBody, returns: node.IsKind(SyntaxKind.GetAccessorDeclaration));

    public override void VisitPropertyDeclaration(PropertyDeclarationSyntax node)
    {
        if (node.ExpressionBody is { } body)
            Add(node, null, body, returns: true, "get { ", " }");
        else if (node.AccessorList is { } accessors)
            Visit(accessors);
    }

    public override void VisitIndexerDeclaration(IndexerDeclarationSyntax node)
    {
        if (node.ExpressionBody is { } body)
            Add(node, null, body, returns: true, "get { ", " }");
        else if (node.AccessorList is { } accessors)
            Visit(accessors);
    }

    void Add(SyntaxNode member, BlockSyntax? block, ArrowExpressionClauseSyntax? arrow, bool returns, string before = "", string after = "")
    {
        string hit = $"global::ReachProbe.Hit({_members.Count}); ";
        if (block is not null)
        {
            _edits.Add((new(block.OpenBraceToken.Span.End, 0), " " + hit));
        }
        else if (arrow is not null)
        {
            bool isThrow = arrow.Expression is ThrowExpressionSyntax;
            _edits.Add((arrow.ArrowToken.Span, $"{{ {before}{hit}{(returns && !isThrow ? "return " : "")}"));
            _edits.Add((TextSpan.FromBounds(arrow.Expression.Span.End, member.GetLastToken().Span.End), $"; {after}}}"));
        }
        else
        {
            return;
        }
        _members.Add(new(_file, member.Span, member.GetLocation().GetLineSpan().StartLinePosition.Line + 1));
    }
}

/// <summary>A member with code.</summary>
sealed record Member(string File, TextSpan Span, int Line);
