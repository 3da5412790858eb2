namespace TeredoSdk.Architecture.Tests.Samples;

// One way to use a type each, so that the scan is shown to find it.

class Used
{
    public static int Call() => 1;
}

sealed class UsedException : Exception;

[AttributeUsage(AttributeTargets.All)]
sealed class UsedAttribute : System.Attribute;

sealed class Base : Used;

sealed class Field
{
    internal Used? Value { get; init; }
}

static class Parameter
{
    public static bool IsThere(Used? used) => used is not null;
}

abstract class Result
{
    public abstract Used Make();
}

static class Construction
{
    public static object Make() => new Used();
}

static class StaticCall
{
    public static int Make() => Used.Call();
}

static class GenericArgument
{
    public static object Make() => new List<Used[]>();
}

sealed class Constraint<T> where T : Used
{
    internal T? Value { get; init; }
}

[Used]
static class Attribute;

static class Closure
{
    public static Func<int> Make(int more) => () => more + Used.Call();
}

static class Awaiting
{
    public static async Task<int> MakeAsync()
    {
        await Task.Yield();
        return Used.Call();
    }
}

static class Caught
{
    public static bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (UsedException)
        {
            return false;
        }
    }
}

static class Cast
{
    public static bool Is(object value) => value is Used;
}

static class TypeOf
{
    public static object Make() => typeof(Used).Name;
}

static class Array
{
    public static int Make() => new Used[3].Length;
}

static class Nothing
{
    public static int Make() => 1;
}
