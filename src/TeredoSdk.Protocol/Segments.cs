namespace TeredoSdk.Protocol;

/// <summary>Counts the packets of a run in one buffer. All have equal length, except that the last may be shorter.</summary>
static class Segments
{
    /// <returns>The number of packets.</returns>
    /// <exception cref="ArgumentException">There are more packets than verdicts, or the segment size is not positive.</exception>
    public static int Count(int length, int segmentSize, int verdicts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segmentSize, 1);
        int count = (int)(((long)length + segmentSize - 1) / segmentSize);
        return count <= verdicts ? count : throw new ArgumentException($"There are {count} segments, but room for only {verdicts} verdicts.", nameof(verdicts));
    }
}
