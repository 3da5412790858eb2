using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Cim;

/// <summary>An instance of a CIM class, with access to its properties by name. Used only on the COM thread.</summary>
[SupportedOSPlatform("windows")]
sealed class CimInstance(IWbemClassObject instance)
{
    const int CIM_STRING = 8, CIM_BOOLEAN = 11; // wbemcli.h

    public IWbemClassObject Native => instance;

    /// <summary>Reads the first of the named properties that exists: a string, an int, a bool or null.</summary>
    public object? Read(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (instance.Get(name, 0, out var value, out _, out _) < 0)
                continue;
            using (value)
                return Convert(value);
        }
        return null;
    }

    /// <summary>
    /// Sets the first of the named properties that exists. A property of type string gets the text, any other the number.
    /// </summary>
    /// <exception cref="CimException">None of the properties exists, or the property can't be set.</exception>
    public void Write(int number, string text, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (instance.Get(name, 0, out var old, out int type, out _) < 0)
                continue;
            old.Dispose();
            using var value = type switch
            {
                CIM_STRING => ComVariant.Create(text),
                CIM_BOOLEAN => ComVariant.Create(number != 0),
                _ => ComVariant.Create(number), // CIM integers of up to 32 bits are passed as VT_I4
            };
            CimNamespace.Check("IWbemClassObject.Put " + name, instance.Put(name, 0, in value, 0)); // a property that exists keeps its type
            return;
        }
        throw new CimException("IWbemClassObject.Get " + names[0], CimNamespace.WBEM_E_NOT_FOUND);
    }

    /// <summary>The instance with all its properties, in the Managed Object Format.</summary>
    /// <exception cref="CimException">The instance can't be written so.</exception>
    public string ToText()
    {
        CimNamespace.Check("IWbemClassObject.GetObjectText", instance.GetObjectText(0, out string? text));
        return text ?? "";
    }

    static object? Convert(in ComVariant value) => value.VarType switch
    {
        VarEnum.VT_BSTR => value.As<string>(),
        VarEnum.VT_BOOL => value.As<bool>(),
        VarEnum.VT_I4 => value.As<int>(),
        VarEnum.VT_I2 => (int)value.As<short>(),
        VarEnum.VT_UI1 => (int)value.As<byte>(),
        _ => null,
    };
}
