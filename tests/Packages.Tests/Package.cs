using System.IO.Compression;
using System.Xml.Linq;

namespace TeredoSdk.Packages.Tests;

/// <summary>A package as it was packed.</summary>
/// <param name="path">The file.</param>
sealed class Package(string path)
{
    readonly Dictionary<string, byte[]> _files = Read(path);

    public string Id => Field("id");

    /// <summary>The names of its files.</summary>
    public IReadOnlyCollection<string> Files => _files.Keys;

    /// <summary>Its page, which a registry shows.</summary>
    public string Readme => Text(Field("readme"));

    /// <summary>An element of what it says of itself, or an empty text.</summary>
    public string Field(string name) => Metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value ?? "";

    /// <summary>An attribute of such an element.</summary>
    public string Attribute(string element, string name) =>
        Metadata.Elements().SingleOrDefault(found => found.Name.LocalName == element)?.Attribute(name)?.Value ?? "";

    public byte[] Octets(string file) => _files[file];

    XElement Metadata => XDocument.Parse(Text(_files.Keys.Single(file => file.EndsWith(".nuspec", StringComparison.Ordinal)))).Root!.Elements().First();

    string Text(string file) => new StreamReader(new MemoryStream(_files[file])).ReadToEnd();

    static Dictionary<string, byte[]> Read(string path)
    {
        using var archive = ZipFile.OpenRead(path);
        return archive.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var stream = entry.Open();
            var octets = new MemoryStream();
            stream.CopyTo(octets);
            return octets.ToArray();
        });
    }
}
