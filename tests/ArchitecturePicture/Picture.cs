using System.Globalization;
using System.Text;

namespace TeredoSdk.ArchitecturePicture;

/// <summary>Draws the house: a room for each floor, and for each room a shaft down to the rooms that it uses. The same code gives the same octets.</summary>
static class Picture
{
    const int Left = 16, TextWidth = 560, ShaftWidth = 50, RoomHeight = 62, RoomGap = 8, GroupTop = 30, GroupGap = 12, Top = 92;

    static readonly int[] Steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

    // One line on each room.
    static readonly Dictionary<string, string> Jobs = new()
    {
        ["TeredoSdk.Cli"] = "The command: parses, calls, prints.",
        ["TeredoSdk.AspNetCore"] = "Kestrel and HttpClient over a node.",
        ["TeredoSdk.Testing"] = "The simulated internet, in virtual time, and a Windows in memory.",
        ["public face"] = "What an application calls: nodes, sockets, servers, relays. Thin.",
        ["Hosting"] = "Options from a configuration, health, start and stop with a host.",
        ["Sockets"] = "What all public sockets share: the pool of nodes, streams, checks.",
        ["Doctor"] = "What a doctor asks the machine, and what it finds.",
        ["Links"] = "An address that a provider keeps up, and the sockets that are open on it.",
        ["Engine"] = "Our own client at work: driver, echo, stacks, port mapping, Linux.",
        ["Machine"] = "The machine's network: UDP sockets, interfaces, routes, names.",
        ["Linux setup"] = "Services of systemd and their firewall exception, and how they are taken back.",
        ["Setup"] = "What an installer does for an application on Windows, and takes back.",
        ["Windows"] = "What Windows' answers mean: firewall, activation, findings.",
        ["Native"] = "What asks Windows: COM, CIM, IP Helper, filtering, services, netsh.",
        ["vocabulary"] = "Options, reports, errors, and the questions that are asked of Windows.",
        ["Protocol"] = "RFC 4380, 5991 and 6081 as state machines: no socket, clock, task or thread.",
    };

    // Plain rules without variables, so that simple viewers draw it, too.
    const string Style = """
        text { font-family: system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; fill: #1c2733; }
        .title { font-size: 20px; font-weight: 600; } .name { font-size: 15px; font-weight: 600; } .job { font-size: 13px; } .count { font-size: 10.5px; }
        .soft { font-size: 12px; fill: #566475; } .paper { fill: #ffffff; } .room { fill: #f3f5f8; stroke: #c4ccd6; }
        .group { fill: none; stroke: #c4ccd6; stroke-dasharray: 3 3; } .shaft { stroke: #2f6db5; } .stop { fill: #2f6db5; }
        @media (prefers-color-scheme: dark) {
          text { fill: #e8eef5; } .soft { fill: #a3b1c1; } .paper { fill: #11161c; } .room { fill: #1b232d; stroke: #3a4757; }
          .group { stroke: #3a4757; } .shaft { stroke: #74b0f4; } .stop { fill: #74b0f4; }
        }
        """;

    public static string Draw(House house)
    {
        var rows = Place(house.Rooms, out int bottom);
        var shafts = house.Arrows.GroupBy(arrow => arrow.From).ToList();
        int right = Left + TextWidth + shafts.Count * ShaftWidth + 24, height = bottom + 64;
        var svg = new StringBuilder();
        Line(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + Left} {height}" role="img" aria-label="The floors of TeredoSdk and what uses what">""");
        Line(svg, "<desc>Made by: dotnet run --project tests/ArchitecturePicture</desc>");
        Line(svg, $"<style>\n{Style.ReplaceLineEndings("\n")}\n</style>");
        Line(svg, $"""<rect class="paper" width="{right + Left}" height="{height}"/>""");
        Text(svg, "title", Left, 34, "The house: floors, and what uses what");
        Text(svg, "soft", Left, 56, "Each blue shaft begins at the dot in the room that it belongs to, and stops at each room below whose types it uses.");
        Text(svg, "soft", Left, 74, "The number at a stop says how many pairs of types there are, rounded down. No shaft leads up: a test holds that.");
        foreach (var group in house.Rooms.Where(HasFrame).GroupBy(room => room.Assembly))
        {
            int from = rows[group.First()] - GroupTop, to = rows[group.Last()] + RoomHeight;
            Line(svg, $"""<rect class="group" x="{Left - 8}" y="{from + 4}" width="{right - Left + 16}" height="{to - from + 4}" rx="8"/>""");
            Text(svg, "soft", Left, from + 22, group.Key);
        }
        foreach (var room in house.Rooms)
            DrawRoom(svg, room, rows[room], right - Left);
        for (int i = 0; i < shafts.Count; i++)
            DrawShaft(svg, [.. shafts[i]], rows, Left + TextWidth + i * ShaftWidth);
        Text(svg, "soft", Left, bottom + 28, "TeredoSdk.Xp, for the .NET Framework 4.0, stands apart: it uses nothing of the house, and nothing uses it.");
        Text(svg, "soft", Left, bottom + 46, "Drawn from the compiled assemblies by tests/ArchitecturePicture.");
        Line(svg, "</svg>");
        return svg.ToString();
    }

    static Dictionary<Room, int> Place(IReadOnlyList<Room> rooms, out int bottom)
    {
        Dictionary<Room, int> rows = [];
        bottom = Top - GroupGap;
        string? assembly = null;
        foreach (var room in rooms)
        {
            bottom += room.Assembly == assembly ? RoomGap : HasFrame(room) ? GroupTop + GroupGap : GroupGap;
            assembly = room.Assembly;
            rows.Add(room, bottom);
            bottom += RoomHeight;
        }
        return rows;
    }

    // The room of a package has the package's name already.
    static bool HasFrame(Room room) => room.Name != room.Assembly;

    static void DrawRoom(StringBuilder svg, Room room, int y, int width)
    {
        Line(svg, $"""<rect class="room" x="{Left}" y="{y}" width="{width}" height="{RoomHeight}" rx="5"/>""");
        bool hasFolders = room.Folders.Count > 0;
        Text(svg, "name", Left + 12, y + (hasFolders ? 19 : 26), room.Name);
        Text(svg, "job", Left + 12, y + (hasFolders ? 37 : 45), Jobs.TryGetValue(room.Name, out string? job) ? job
            : throw new InvalidOperationException($"Picture.Jobs has no line for {room.Name}."));
        if (hasFolders)
            Text(svg, "soft", Left + 12, y + 54, string.Join("  ·  ", room.Folders));
    }

    static void DrawShaft(StringBuilder svg, Arrow[] stops, Dictionary<Room, int> rows, int x)
    {
        int from = rows[stops[0].From] + RoomHeight / 2;
        int last = rows[stops.MaxBy(stop => rows[stop.To])!.To] + RoomHeight / 2;
        Line(svg, $"""<line class="shaft" x1="{x}" y1="{from}" x2="{x}" y2="{last - 6}" stroke-width="1.4"/>""");
        Line(svg, $"""<circle class="stop" cx="{x}" cy="{from}" r="5"/>""");
        foreach (var stop in stops)
        {
            int y = rows[stop.To] + RoomHeight / 2, size = 4 + 2 * Array.FindLastIndex(Steps, step => step <= stop.Pairs) / 3;
            Line(svg, $"""<path class="stop" d="M{x - size} {y - size} h{2 * size} L{x} {y + size - 2} z"/>""");
            Text(svg, "count", x + size + 3, y + 4, Round(stop.Pairs));
        }
    }

    // Down to the next step, so that few changes of the code change the picture.
    static string Round(int pairs) => pairs < Steps[1] ? "1" : $"{Steps.Last(step => step <= pairs)}+";

    static void Text(StringBuilder svg, string style, int x, int y, string text) =>
        Line(svg, $"""<text class="{style}" x="{x}" y="{y}">{text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)}</text>""");

    static void Line(StringBuilder svg, FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    static void Line(StringBuilder svg, string line) => svg.Append(line).Append('\n');
}
