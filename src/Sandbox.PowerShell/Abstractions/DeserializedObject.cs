using System.Management.Automation;

namespace Sandbox;

/// <summary>The properties of an object that lost its type: deserialised, or selected from.</summary>
/// <param name="bag">The object.</param>
internal readonly struct DeserializedObject(PSObject bag)
{
    private static readonly string[] Prefixes = ["Deserialized.", "Selected."];

    /// <summary>Whether the object has this property.</summary>
    /// <param name="name">The property.</param>
    public bool Has(string name) => bag.Properties[name] is not null;

    /// <summary>The property as text, null when it is absent or none.</summary>
    /// <param name="name">The property.</param>
    public string? Text(string name) => Unwrap(name) as string;

    /// <summary>The property as a switch, null when it is absent or none.</summary>
    /// <param name="name">The property.</param>
    public bool? Flag(string name) => Unwrap(name) as bool?;

    /// <summary>Whether the object was one of the module's types before it lost it.</summary>
    public bool IsOfModule
    {
        get
        {
            foreach (string name in bag.TypeNames)
            {
                if (Strip(name).StartsWith(nameof(Sandbox) + ".", StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>The property as a number, null when it is absent or none.</summary>
    /// <param name="name">The property.</param>
    public int? Number(string name) => Unwrap(name) as int?;

    /// <summary>Whether the object was one of this type before it lost it.</summary>
    /// <param name="type">The type.</param>
    public bool IsOf(Type type)
    {
        foreach (string name in bag.TypeNames)
        {
            if (Strip(name).SequenceEqual(type.FullName))
            {
                return true;
            }
        }

        return false;
    }

    private object? Unwrap(string name) => bag.Properties[name]?.Value is var value && value is PSObject wrapped ? wrapped.BaseObject : value;

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
