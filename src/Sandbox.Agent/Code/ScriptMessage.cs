using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>A line that one of our programs says: <c>ready</c>, <c>missing</c>, <c>result</c> or <c>done</c>.</summary>
internal sealed record ScriptMessage
{
    /// <summary>What it is.</summary>
    public string? Type { get; init; }

    /// <summary>The run that is done.</summary>
    public long Run { get; init; }

    /// <summary>The kind of a result.</summary>
    public string? Kind { get; init; }

    /// <summary>A result's forms.</summary>
    public Dictionary<string, JsonElement>? Data { get; init; }

    /// <summary>Why a run failed.</summary>
    public CodeError? Error { get; init; }

    /// <summary>A run's number.</summary>
    public int? Count { get; init; }
}

/// <summary>Source-generated JSON of what interpreters say.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ScriptMessage))]
[JsonSerializable(typeof(Jupyter.KernelFile))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class CodeJson : JsonSerializerContext;
