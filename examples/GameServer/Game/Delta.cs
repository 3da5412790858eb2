namespace GameServer.Game;

/// <summary>A view as the difference from another one, which the receiver has.</summary>
/// <remarks>One entry for each thing that differs: its number, what follows, and that: a step of one octet each way, or a place; the score; the keys.</remarks>
static class Delta
{
    [Flags]
    enum Has : byte
    {
        Step = 1,
        Place = 2,
        Score = 4,
        Keys = 8,
        Gone = 16,
    }

    const int MaxEntry = 9;

    /// <summary>
    /// Writes until the datagram is full. What no longer fits keeps its old state in <paramref name="after"/>, too: so that is what the receiver will
    /// have, and the rest follows with the next snapshot. The things of <paramref name="visible"/> come in its order, the most important first.
    /// </summary>
    public static void Write(ref Writer writer, View before, View after, scoped ReadOnlySpan<byte> visible)
    {
        for (int id = 1; id <= Arena.LastThing; id++)
            if (before[id].IsThere && !after[id].IsThere)
                WriteEntry(ref writer, id, before, after);
        foreach (byte id in visible)
            if (before[id] != after[id])
                WriteEntry(ref writer, id, before, after);
    }

    static void WriteEntry(ref Writer writer, int id, View before, View after)
    {
        if (writer.Room < MaxEntry)
        {
            after[id] = before[id];
            return;
        }
        var (old, now) = (before[id], after[id]);
        writer.Byte((byte)id);
        if (!now.IsThere)
        {
            writer.Byte((byte)Has.Gone);
            return;
        }
        int x = now.X - old.X, y = now.Y - old.Y;
        var has = (x, y) == (0, 0) ? 0 : x is >= sbyte.MinValue and <= sbyte.MaxValue && y is >= sbyte.MinValue and <= sbyte.MaxValue ? Has.Step : Has.Place;
        has |= (now.Score != old.Score ? Has.Score : 0) | (now.Keys != old.Keys ? Has.Keys : 0);
        writer.Byte((byte)has);
        if ((has & Has.Step) != 0)
        {
            writer.Byte((byte)x);
            writer.Byte((byte)y);
        }
        if ((has & Has.Place) != 0)
        {
            writer.UInt16((ushort)now.X);
            writer.UInt16((ushort)now.Y);
        }
        if ((has & Has.Score) != 0)
            writer.UInt16(now.Score);
        if ((has & Has.Keys) != 0)
            writer.Byte((byte)now.Keys);
    }

    /// <summary>Makes <paramref name="after"/> from <paramref name="before"/> and the entries, up to the datagram's end.</summary>
    /// <returns>False when the entries are not well formed.</returns>
    public static bool TryRead(ref Reader reader, View before, View after)
    {
        after.CopyFrom(before);
        while (reader.Rest > 0)
        {
            int id = reader.Byte();
            var has = (Has)reader.Byte();
            if (id is 0 or > Arena.LastThing)
                return false;
            var thing = after[id];
            if ((has & Has.Step) != 0)
                thing = thing with { X = (short)(thing.X + (sbyte)reader.Byte()), Y = (short)(thing.Y + (sbyte)reader.Byte()) };
            if ((has & Has.Place) != 0)
                thing = thing with { X = (short)reader.UInt16(), Y = (short)reader.UInt16() };
            if ((has & Has.Score) != 0)
                thing = thing with { Score = reader.UInt16() };
            if ((has & Has.Keys) != 0)
                thing = thing with { Keys = (Keys)reader.Byte() & Keys.All };
            if ((has & Has.Gone) != 0)
                thing = default;
            if (reader.HasFailed || thing.X is < 0 or >= Arena.Size || thing.Y is < 0 or >= Arena.Size)
                return false;
            after[id] = thing;
        }
        return true;
    }
}
