namespace TeredoSdk.Tests.Windows;

/// <summary>A variable of the environment, which paths of Windows may name.</summary>
static class Variable
{
    /// <summary>Sets a new one.</summary>
    /// <returns>Its name.</returns>
    public static string Of(string value)
    {
        string name = $"TEREDOSDK_{Guid.NewGuid():N}";
        Environment.SetEnvironmentVariable(name, value);
        return name;
    }
}
