using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Formats values for the views in Sandbox.Format.ps1xml. Live and deserialized objects give the same text.</summary>
public static partial class Formatting
{
    private const int Kilobyte = 1024;
    private const int Megabyte = 1024 * Kilobyte;
    private const int Gigabyte = 1024 * Megabyte;

    private static readonly string[] Units = ["", "KB", "MB", "GB", "TB"];

    // By reflection: the reference assembly of the module does not contain PSStyle.
    private static readonly object Styles =
        typeof(PSObject).Assembly.GetType("System.Management.Automation.PSStyle", throwOnError: true)!.GetProperty("Instance")!.GetValue(null)!;

    private static readonly Dictionary<string, string> StyleNames = new(StringComparer.Ordinal)
    {
        ["Running"] = "Foreground.Green",
        ["Idle"] = "Foreground.Green",
        ["Created"] = "Foreground.Green",
        ["True"] = "Foreground.Green",
        ["Busy"] = "Foreground.Yellow",
        ["Queued"] = "Foreground.Yellow",
        ["Overflow"] = "Foreground.Yellow",
        ["Lost"] = "Foreground.Red",
        ["Deleted"] = "Foreground.Red",
        ["False"] = "Foreground.Red",
        ["Stopped"] = "Dim",
        ["Directory"] = "FileInfo.Directory",
        ["Link"] = "FileInfo.SymbolicLink",
    };

    /// <summary>Colors a state, or a text by the state it stands for.</summary>
    /// <param name="state">The state, or whether something succeeded.</param>
    /// <param name="text">The text; the state itself when left out.</param>
    public static string State(PSObject? state, PSObject? text = null) => StyleOf(Text(state)) + Text(text ?? state) + Style("Reset");

    /// <summary>Formats a time as local time.</summary>
    /// <param name="time">The time; null gives null.</param>
    /// <param name="format">The format.</param>
    public static string? Time(PSObject? time, string format = "yyyy-MM-dd HH:mm:ss") =>
        time is null ? null : LanguagePrimitives.ConvertTo<DateTimeOffset>(Text(time)).LocalDateTime.ToString(format, CultureInfo.CurrentCulture);

    /// <summary>Formats a limit in bytes.</summary>
    /// <param name="bytes">The limit; null gives null.</param>
    public static string? Limit(long? bytes) => bytes switch
    {
        null => null,
        >= Gigabyte => string.Create(CultureInfo.CurrentCulture, $"{(double)bytes / Gigabyte:0.##} GB"),
        >= Megabyte => string.Create(CultureInfo.CurrentCulture, $"{(double)bytes / Megabyte:0.##} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
    };

    /// <summary>Formats the entries of a table as <c>name=value</c>.</summary>
    /// <param name="table">The table; null gives an empty text.</param>
    public static string Pairs(IDictionary? table) =>
        table is null ? "" : string.Join(' ', table.Keys.Cast<object>().Select(name => $"{Text(name)}={Text(table[name])}"));

    /// <summary>Formats a text as one line.</summary>
    public static string OneLine(string? text) => LineBreak().Replace((text ?? "").Trim(), " ↵ ");

    /// <summary>Formats the session or sandbox of an object.</summary>
    public static string Target(PSObject item) =>
        Text(item, "SessionId") is { Length: > 0 } session ? DisplayText.Clean($"{Text(item, "SandboxId")}/{session}") : Text(item, "SandboxId");

    /// <summary>Formats the size of a file; null for other items.</summary>
    public static string? FileSize(PSObject item)
    {
        if (Text(item, "Type") != nameof(FileKind.File))
        {
            return null;
        }

        double size = LanguagePrimitives.ConvertTo<double>(item.Properties["Length"]?.Value);
        int unit = 0;
        for (; size >= Kilobyte && unit < Units.Length - 1; unit++)
        {
            size /= Kilobyte;
        }

        return unit == 0 ? Text(size) : string.Create(CultureInfo.CurrentCulture, $"{size:0.0} {Units[unit]}");
    }

    /// <summary>Formats the name of an item, with a link's target, in the color of its kind.</summary>
    public static string FileName(PSObject item)
    {
        string style = StyleOf(Text(item, "Type")) is { Length: > 0 } kind ? kind : Text(item, "UnixMode").Contains('x') ? Style("FileInfo.Executable") : "";
        string name = DisplayText.Clean(Text(item, "Name"));
        return Color(style, name + (item.Properties["LinkTarget"]?.Value is { } target ? $" -> {DisplayText.Clean(Text(target))}" : ""));
    }

    /// <summary>Formats a name, path, command or message from a sandbox; null gives null.</summary>
    public static string? Name(PSObject? text) => text is null ? null : DisplayText.CleanLines(Text(text));

    /// <summary>Formats the kind of a change.</summary>
    public static string Change(PSObject? type) => Color(StyleOf(Text(type)), Text(type));

    /// <summary>Formats the path of a change, with the path before a move.</summary>
    public static string ChangedPath(PSObject change) =>
        DisplayText.Clean((change.Properties["OldPath"]?.Value is { } old ? $"{Text(old)} -> " : "") + Text(change, "SandboxPath"));

    [GeneratedRegex(@"\s*\n\s*")]
    private static partial Regex LineBreak();

    private static string Text(PSObject item, string property) => Text(item.Properties[property]?.Value);

    private static string Text(object? value) => LanguagePrimitives.ConvertTo<string>(value) ?? "";

    private static string Color(string style, string text) => style.Length == 0 ? text : style + text + Style("Reset");

    private static string StyleOf(string state) => StyleNames.TryGetValue(state, out string? name) ? Style(name) : "";

    private static string Style(string name) =>
        (string?)name.Split('.').Aggregate(Styles, (style, part) => style.GetType().GetProperty(part)!.GetValue(style)!) ?? "";
}
