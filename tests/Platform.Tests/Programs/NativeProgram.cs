using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Programs;

/// <summary>Programs of this repository, published as users publish them, where every user may run them: once in a run each.</summary>
static class NativeProgram
{
    static readonly SemaphoreSlim Publishing = new(1); // they share what they are built of

    /// <summary>Publishes a project with Native AOT; a warning fails it.</summary>
    /// <param name="project">The project's folder, from the root.</param>
    /// <param name="assembly">The name of its program.</param>
    /// <param name="options">Options of <c>dotnet publish</c>.</param>
    /// <returns>The program's path.</returns>
    public static Task<string> PublishAsync(string project, string assembly, string options)
    {
        string linker = File.Exists("/usr/bin/clang") ? "" : "-p:CppCompilerAndLinker=gcc -p:LinkerFlavor=bfd";
        if (linker.Length > 0 && !File.Exists("/usr/bin/gcc"))
            Assert.Ignore("Native AOT needs a linker: clang or gcc.");
        return PublishAsync(project, $"native-{assembly}", assembly, $"{options} {linker} -p:NativeDebugSymbols=false");
    }

    /// <summary>Publishes a project for Windows.</summary>
    /// <returns>The program's path.</returns>
    public static Task<string> PublishForWindowsAsync(string project, string assembly) =>
        PublishAsync(project, $"windows-{assembly}", $"{assembly}.exe", "-r win-x64");

    static async Task<string> PublishAsync(string project, string name, string file, string options)
    {
        string folder = Path.Combine(BuildOutput.Programs, name), program = Path.Combine(folder, file);
        await Publishing.WaitAsync();
        try
        {
            if (!File.Exists(program))
            {
                // In intermediate folders of their own: another test publishes meanwhile.
                await Shell.RunAsync($"""
                    exec >&2
                    dotnet publish '{Path.Combine(BuildOutput.Root, project)}' -c Release {options} -o '{folder}' \
                        --artifacts-path '{BuildOutput.Artifacts}' -p:RunAnalyzers=false -nodeReuse:false -p:UseSharedCompilation=false --nologo -v q
                    chmod -R a+rX '{folder}'
                    """, limit: Patience.LongLimit);
            }
        }
        finally
        {
            Publishing.Release();
        }
        return program;
    }
}
