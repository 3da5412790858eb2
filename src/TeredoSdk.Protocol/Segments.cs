namespace TeredoSdk.Protocol;

/// <summary>A run of equally long packets in one buffer, the last of which may be shorter.</summary>
static class Segments
{
    /// <returns>How many there are.</returns>
    /// <exception cref="ArgumentException">They are more than verdicts, or their size is not positive.</exception>
    public static int Count(int length, int segmentSize, int verdicts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segmentSize, 1);
        int count = (int)(((long)length + segmentSize - 1) / segmentSize);
        return count <= verdicts ? count : throw new ArgumentException($"There are {count} segments, but room for {verdicts} verdicts.", nameof(verdicts));
    }
}
