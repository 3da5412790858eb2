using TeredoSdk.Architecture.Tests;
using TeredoSdk.ArchitecturePicture;

// Draws docs/design/architecture.svg from the compiled assemblies. With a path as its argument it writes there instead.
string path = args.Length > 0 ? args[0] : Path.Combine(RepositoryRoot.Path, "docs", "design", "architecture.svg");
File.WriteAllText(path, Picture.Draw(House.Look()));
Console.WriteLine($"{path} is drawn.");
