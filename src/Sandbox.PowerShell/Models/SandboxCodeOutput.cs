using System.Text.Json;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A result of code: the value of its last expression or displayed data, in all its formats.</summary>
public sealed class SandboxCodeOutput
{
    private const string PlainText = "text/plain";

    private static readonly Dictionary<string, string> ShortNames = new(StringComparer.Ordinal)
    {
        [PlainText] = "text",
        ["text/html"] = "html",
        ["text/markdown"] = "markdown",
        ["text/latex"] = "latex",
        ["application/json"] = "json",
        ["application/javascript"] = "javascript",
        ["image/png"] = "png",
        ["image/jpeg"] = "jpeg",
        ["image/svg+xml"] = "svg",
    };

    internal SandboxCodeOutput(CodeResult result, string contextId, SandboxHandle sandbox, string[] files)
    {
        Kind = result.Kind;
        Formats = [.. result.Data.Keys.Select(type => ShortNames.GetValueOrDefault(type, type))];
        Text = Of(result, PlainText);
        Html = Of(result, "text/html");
        Markdown = Of(result, "text/markdown");
        Latex = Of(result, "text/latex");
        Json = Of(result, "application/json");
        JavaScript = Of(result, "application/javascript");
        Png = Of(result, "image/png");
        Jpeg = Of(result, "image/jpeg");
        Svg = Of(result, "image/svg+xml");
        Chart = result.Data.Keys.FirstOrDefault(IsChart) is { } chart ? Of(result, chart) : null;
        Files = files;
        ContextId = contextId;
        SandboxId = sandbox.Id;
        Server = sandbox.Server;
    }

    /// <summary><c>result</c> for the value of the last expression, <c>display</c> for displayed data.</summary>
    public string Kind { get; }

    /// <summary>The forms it has, by their short names, or by media type where they have none.</summary>
    public string[] Formats { get; }

    /// <summary>As plain text.</summary>
    public string? Text { get; }

    /// <summary>As HTML.</summary>
    public string? Html { get; }

    /// <summary>As Markdown.</summary>
    public string? Markdown { get; }

    /// <summary>As LaTeX.</summary>
    public string? Latex { get; }

    /// <summary>As JSON, for <c>ConvertFrom-Json</c>.</summary>
    public string? Json { get; }

    /// <summary>As JavaScript.</summary>
    public string? JavaScript { get; }

    /// <summary>As a PNG image, in base64.</summary>
    public string? Png { get; }

    /// <summary>As a JPEG image, in base64.</summary>
    public string? Jpeg { get; }

    /// <summary>As an SVG image.</summary>
    public string? Svg { get; }

    /// <summary>A chart's data as the library that made it describes it, in JSON.</summary>
    public string? Chart { get; }

    /// <summary>The images' files under <c>-OutputDirectory</c>.</summary>
    public string[] Files { get; }

    /// <summary>The id of the context.</summary>
    public string ContextId { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <summary>The plain text.</summary>
    public override string ToString() => Text ?? "";

    private static bool IsChart(string type) =>
        type.StartsWith("application/vnd.", StringComparison.Ordinal) && type.EndsWith("+json", StringComparison.Ordinal);

    private static string? Of(CodeResult result, string type) => !result.Data.TryGetValue(type, out JsonElement value)
        ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
}
