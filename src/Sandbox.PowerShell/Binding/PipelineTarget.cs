using System.Management.Automation;

namespace Sandbox;

/// <summary>Recognises sandbox, session and context objects in pipeline input. Strings are always input.</summary>
/// <remarks>Also objects that were selected from or came from another process.</remarks>
internal static class PipelineTarget
{
    /// <summary>Whether an object is a sandbox or session.</summary>
    /// <param name="value">The object.</param>
    public static bool IsTarget(object value) => IsSession(value) || Is(value, typeof(SandboxInstance));

    /// <summary>Whether an object is a session.</summary>
    /// <param name="value">The object.</param>
    public static bool IsSession(object value) => Is(value, typeof(SandboxSession));

    /// <summary>Whether an object is a code context.</summary>
    /// <param name="value">The object.</param>
    public static bool IsContext(object value) => Is(value, typeof(SandboxCodeContext));

    /// <summary>The reference that a value is converted to; null when it cannot be.</summary>
    /// <param name="value">The value.</param>
    public static T? Read<T>(object? value)
        where T : class => LanguagePrimitives.TryConvertTo(value, out T? reference) ? reference : null;

    private static bool Is(object value, Type type) =>
        type.IsInstanceOfType(value.Unwrap()) || (value.Unwrap() is PSCustomObject && new DeserializedObject((PSObject)value).IsOf(type));
}
