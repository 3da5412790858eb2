namespace TeredoSdk.Windows.Cim;

/// <summary>A CIM call failed: the message is the call, for whoever makes the sentence.</summary>
sealed class CimException : Exception
{
    public CimException(string call, int result) : base(call) => HResult = result;
}
