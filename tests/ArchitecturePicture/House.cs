using System.Reflection;
using TeredoSdk.Architecture.Tests;
using TeredoSdk.AspNetCore;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.ArchitecturePicture;

/// <summary>A room of the house: a floor, or a package that stands on all floors.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Assembly">The assembly that it is in.</param>
/// <param name="Folders">The folders in it, in their order.</param>
sealed record Room(string Name, string Assembly, IReadOnlyList<string> Folders);

/// <summary>The types of a room use types of a lower one.</summary>
/// <param name="From">The room above.</param>
/// <param name="To">The room below.</param>
/// <param name="Pairs">How many pairs of a type above and a type below there are.</param>
sealed record Arrow(Room From, Room To, int Pairs);

/// <summary>The rooms from the roof down, and the arrows between them, as the compiled assemblies have them.</summary>
sealed record House(IReadOnlyList<Room> Rooms, IReadOnlyList<Arrow> Arrows)
{
    static readonly Assembly[] Packages = [Assembly.Load("teredo"), typeof(TeredoEndPoint).Assembly, typeof(SimulatedInternet).Assembly];
    static readonly Assembly[] Floors = [typeof(TeredoNode).Assembly, typeof(WindowsSystem).Assembly, typeof(TeredoReport).Assembly, typeof(TeredoClient).Assembly];

    public static House Look()
    {
        var types = Packages.Concat(Floors).SelectMany(TypeUses.WrittenIn).Select(type => (Type: type, Place: PlaceOf(type)))
            .Where(written => written.Place is not null).ToDictionary(written => written.Type, written => written.Place!.Value);
        var rooms = types.GroupBy(written => written.Value, written => written.Key).ToDictionary(group => group.Key, group => RoomOf(group.Key, [.. group]));
        var arrows =
            from type in types
            from used in TypeUses.Of(type.Key)
            where types.TryGetValue(used, out int place) && place != type.Value
            group used by (From: type.Value, To: types[used]) into uses
            orderby uses.Key
            select new Arrow(rooms[uses.Key.From], rooms[uses.Key.To], uses.Count());
        return new([.. rooms.OrderBy(room => room.Key).Select(room => room.Value)], [.. arrows]);
    }

    // The packages come first, as negative numbers, then the floors.
    static int? PlaceOf(Type type)
    {
        int package = Array.IndexOf(Packages, type.Assembly);
        return package >= 0 ? package - Packages.Length : Architecture.Tests.Floors.Of(type);
    }

    static Room RoomOf(int place, Type[] types)
    {
        string assembly = types[0].Assembly.GetName().Name!;
        string name = place < 0 ? PackageOf(assembly) : Architecture.Tests.Floors.NameOf(place);
        string root = types.Select(type => type.Namespace!).MinBy(space => space.Length)!;
        var folders = types.Select(type => type.Namespace!).Where(space => space.StartsWith(root + ".", StringComparison.Ordinal))
            .Select(space => space[(root.Length + 1)..].Split('.')[0]).Distinct().Order(StringComparer.Ordinal);
        return new(name, PackageOf(assembly), [.. folders]);
    }

    // The command's assembly has the name that people type.
    static string PackageOf(string assembly) => assembly == "teredo" ? "TeredoSdk.Cli" : assembly;
}
