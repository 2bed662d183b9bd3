using System.Management.Automation;

namespace Sandbox;

/// <summary>Recognises sandbox and session objects in pipeline input. Strings are always input.</summary>
internal static class PipelineTarget
{
    /// <summary>Whether an object is a sandbox or session, or was one before it was selected from or sent to another process.</summary>
    /// <param name="value">The object.</param>
    public static bool IsPlace(object value) => Is(value, typeof(SandboxSession)) || Is(value, typeof(SandboxInstance));

    /// <summary>Whether an object is a code context, or was one.</summary>
    /// <param name="value">The object.</param>
    public static bool IsContext(object value) => Is(value, typeof(SandboxCodeContext));

    /// <summary>The session it is; null when it is none, or lost what identifies it.</summary>
    /// <param name="value">The object.</param>
    public static SessionReference? Session(object value) => Is(value, typeof(SandboxSession)) ? Read<SessionReference>(value) : null;

    /// <summary>The sandbox it is; null when it is none, or lost what identifies it.</summary>
    /// <param name="value">The object.</param>
    public static SandboxReference? Sandbox(object value) => Is(value, typeof(SandboxInstance)) ? Read<SandboxReference>(value) : null;

    /// <summary>The reference that a value is converted to; null when it cannot be.</summary>
    /// <param name="value">The value.</param>
    public static T? Read<T>(object? value)
        where T : class => LanguagePrimitives.TryConvertTo(value, out T? reference) ? reference : null;

    private static bool Is(object value, Type type) => value is PSObject wrapped
        ? type.IsInstanceOfType(wrapped.BaseObject) || (wrapped.BaseObject is PSCustomObject && new DeserializedObject(wrapped).IsOf(type))
        : type.IsInstanceOfType(value);
}
