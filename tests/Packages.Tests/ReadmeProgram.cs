using System.Text.RegularExpressions;

namespace TeredoSdk.Packages.Tests;

/// <summary>A program that a package's page shows.</summary>
/// <param name="Package">The package.</param>
/// <param name="Number">Which one of its page.</param>
/// <param name="RunsAlone">Whether it runs without a peer; the others have a comment above them.</param>
/// <param name="Text">The program, verbatim.</param>
sealed partial record ReadmeProgram(string Package, int Number, bool RunsAlone, string Text)
{
    const string Together = "all.proj";

    public string Name => $"{Package}-{Number}";

    bool IsForXp => Package == "TeredoSdk.Xp";

    public static IEnumerable<ReadmeProgram> Of(Package package) => Program().Matches(package.Readme)
        .Select((match, i) => new ReadmeProgram(package.Id, i + 1, !match.Groups["note"].Success && package.Id != "TeredoSdk.Xp", match.Groups["text"].Value));

    /// <summary>Makes a project of it, as its reader would: a new one, with one package.</summary>
    public void Write(string folder)
    {
        string project = Directory.CreateDirectory(Path.Combine(folder, Name)).FullName;
        File.WriteAllText(Path.Combine(project, "Program.cs"), Text);
        // The declarations of the .NET Framework are in a package, too; which version of it the SDK asks for by itself depends on the SDK.
        string framework = IsForXp ? """
            <PropertyGroup><TargetFramework>net40</TargetFramework><AutomaticallyUseReferenceAssemblyPackages>false</AutomaticallyUseReferenceAssemblyPackages></PropertyGroup>
            <ItemGroup><PackageReference Include="Microsoft.NETFramework.ReferenceAssemblies.net40" Version="1.0.0" PrivateAssets="all" /></ItemGroup>
            """ : """
            <PropertyGroup><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable></PropertyGroup>
            """;
        File.WriteAllText(Path.Combine(project, $"{Name}.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk{(Text.Contains("WebApplication", StringComparison.Ordinal) ? ".Web" : "")}">
              <PropertyGroup><OutputType>Exe</OutputType><TreatWarningsAsErrors>true</TreatWarningsAsErrors></PropertyGroup>
              {framework}
              <ItemGroup><PackageReference Include="{Package}" Version="{Feed.Version}" /></ItemGroup>
            </Project>
            """);
    }

    public static Task BuildAllAsync(string folder)
    {
        File.WriteAllText(Path.Combine(folder, Together), """
            <Project>
              <ItemGroup><Program Include="*/*.csproj" /></ItemGroup>
              <Target Name="Build">
                <MSBuild Projects="@(Program)" Targets="Restore" Properties="MSBuildRestoreSessionId=programs" BuildInParallel="true" />
                <MSBuild Projects="@(Program)" BuildInParallel="true" />
              </Target>
            </Project>
            """);
        return DotNet.RunAsync(folder, "dotnet", "msbuild", Together, "-v:q", "-nodeReuse:false", "-p:UseSharedCompilation=false");
    }

    /// <summary>Runs it where nothing but a loopback interface is, and returns what it printed.</summary>
    public Task<string> RunAsync(string folder)
    {
        string[] users = Environment.IsPrivilegedProcess ? [] : ["--user", "--map-root-user"];
        return DotNet.RunAsync(folder, "unshare", [.. users, "--net", "sh", "-c", "ip link set lo up && exec dotnet \"$0\"",
            Path.Combine(folder, Name, "bin", "Debug", "net10.0", $"{Name}.dll")]);
    }

    [GeneratedRegex("^(<!--(?<note>[^\n]*)-->\n)?```csharp\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Program();
}
