using System.Management.Automation;

namespace Sandbox;

/// <summary>The properties of an object, also of one that lost its type: deserialised, or selected from.</summary>
/// <param name="bag">The object.</param>
internal readonly struct DeserializedObject(PSObject bag)
{
    private static readonly string[] Prefixes = ["Deserialized.", "Selected."];

    /// <summary>Whether the object has this property.</summary>
    /// <param name="name">The property.</param>
    public bool Has(string name) => bag.Properties[name] is not null;

    /// <summary>The property as text, null when it is absent or none.</summary>
    /// <param name="name">The property.</param>
    public string? Text(string name) => Value(name) as string;

    /// <summary>Whether the object was one of the module's types before it lost it.</summary>
    public bool IsOfModule => bag.TypeNames.Any(name => Strip(name).StartsWith(nameof(Sandbox) + ".", StringComparison.Ordinal));

    /// <summary>The property as a number, null when it is absent or none.</summary>
    /// <param name="name">The property.</param>
    public int? Number(string name) => Value(name) as int?;

    /// <summary>Whether the object was one of this type before it lost it.</summary>
    /// <param name="type">The type.</param>
    public bool IsOf(Type type) => bag.TypeNames.Any(name => Strip(name).SequenceEqual(type.FullName));

    private object? Value(string name) => bag.Properties[name]?.Value.Unwrap();

    private static ReadOnlySpan<char> Strip(ReadOnlySpan<char> name)
    {
        for (int i = 0; i < Prefixes.Length; i++)
        {
            if (name.StartsWith(Prefixes[i], StringComparison.Ordinal))
            {
                name = name[Prefixes[i].Length..];
                i = -1;
            }
        }

        return name;
    }
}

/// <summary>Removes the wrapper that PowerShell puts around objects.</summary>
internal static class Wrapper
{
    /// <summary>The object itself; for one that has only properties a <see cref="PSCustomObject"/>.</summary>
    /// <param name="value">The object, perhaps wrapped.</param>
    public static object? Unwrap(this object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    /// <summary>Returns the object behind the engine's wrapper; an object that has only properties stays wrapped.</summary>
    /// <param name="value">The object.</param>
    public static object? UnwrapValue(this object? value) => value.Unwrap() is var plain and not PSCustomObject ? plain : value;
}
