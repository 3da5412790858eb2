namespace TeredoSdk.Windows.Native.Cim;

/// <summary>A CIM call failed. The message is the name of the call; the catching code makes a sentence of it.</summary>
sealed class CimException : Exception
{
    public CimException(string call, int result) : base(call) => HResult = result;
}
