using System.Collections;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Security;

namespace Sandbox;

/// <summary>Environment variables from a parameter, as text, with secrets kept separately.</summary>
internal sealed class EnvironmentMap
{
    /// <summary>The plain ones; null where there are none.</summary>
    public Dictionary<string, string?>? Plain { get; private set; }

    /// <summary>The secret ones; null where there are none.</summary>
    public Dictionary<string, string?>? Secret { get; private set; }

    /// <summary>All names.</summary>
    public IEnumerable<string> Names =>
        (Plain?.Keys ?? Enumerable.Empty<string>()).Concat(Secret?.Keys ?? Enumerable.Empty<string>()).Order(StringComparer.Ordinal);

    /// <summary>Reads a table of variables.</summary>
    /// <param name="variables">The table; null is an empty one.</param>
    /// <exception cref="ArgumentException">A value is of a type that has no one text form. The value is not shown.</exception>
    public static EnvironmentMap From(IDictionary? variables)
    {
        EnvironmentMap map = new();
        foreach (DictionaryEntry entry in variables ?? new Hashtable())
        {
            map.Add(entry.Key as string ?? throw new ArgumentException($"The key '{entry.Key}' of the environment is not a string."), entry.Value);
        }

        return map;
    }

    /// <summary>Adds one variable.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="ArgumentException">The value is of a type that has no one text form.</exception>
    public void Add(string name, object? value)
    {
        object? plain = value.Unwrap();
        if (plain is SecureString secret)
        {
            (Secret ??= [])[name] = new NetworkCredential("", secret).Password;
        }
        else
        {
            (Plain ??= [])[name] = TextOf(name, plain);
        }
    }

    // True and false are written as most programs read them.
    private static string? TextOf(string name, object? value) => value switch
    {
        null => null,
        string text => text,
        char character => character.ToString(),
        bool flag => flag ? "true" : "false",
        byte or sbyte or short or ushort or int or uint or long or ulong or float or double or decimal or BigInteger =>
            ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException(
            $"The value of the environment variable '{name}' is a {value.GetType().Name}. Use a string, a number, a bool or a SecureString."),
    };
}
