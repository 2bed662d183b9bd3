using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>A request to a kernel. It is complete when the kernel has both replied and become idle: output may come before and after the reply.</summary>
internal sealed partial class KernelExecution(string id, RunEvents? events)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _hasReply;
    private volatile bool _isIdle;

    public string Id { get; } = id;

    public Task Done => _done.Task;

    public bool IsComplete => Done.IsCompleted;

    /// <summary>Whether the code asked the kernel to exit.</summary>
    public bool AsksExit { get; private set; }

    public CodeError? Error { get; private set; }

    /// <summary>The number of the execution in its kernel.</summary>
    public int? Count { get; private set; }

    /// <summary>Handles a message of the shell channel.</summary>
    public void OnReply(JupyterMessage message)
    {
        Count = message.Content.TryGetProperty("execution_count", out JsonElement count) && count.TryGetInt32(out int number) ? number : null;
        AsksExit = message.Content.TryGetProperty("payload", out JsonElement payload) && payload.ValueKind == JsonValueKind.Array
            && payload.EnumerateArray().Any(item => JupyterMessage.Text(item, "source") == "ask_exit");
        switch (message.Text("status"))
        {
            case "error":
                Error ??= ErrorOf(message);
                break;
            case "aborted":
                Error ??= new CodeError("Aborted", "The kernel did not run the code.", []);
                break;
        }

        _hasReply = true;
        CompleteIfDone();
    }

    /// <summary>Handles a message of the output channel.</summary>
    public void OnOutput(JupyterMessage message)
    {
        switch (message.Type)
        {
            case "stream":
                events?.Add(
                    message.Text("name") == "stderr" ? CodeEvents.StandardError : CodeEvents.StandardOutput, Encoding.UTF8.GetBytes(message.Text("text")));
                break;
            case "execute_result":
                AddResult(CodeResultKinds.Result, message);
                break;
            case "display_data" or "update_display_data":
                AddResult(CodeResultKinds.Display, message);
                break;
            case "error":
                Error = ErrorOf(message);
                break;
            case "status" when message.Text("execution_state") == "idle":
                _isIdle = true;
                CompleteIfDone();
                break;
        }
    }

    [GeneratedRegex("\u001b\\[[0-9;]*[A-Za-z]")]
    private static partial Regex ColorCodes();

    private static string WithoutColors(string text) => ColorCodes().Replace(text, "");

    private static CodeError ErrorOf(JupyterMessage message)
    {
        IEnumerable<string> lines = message.Content.TryGetProperty("traceback", out JsonElement traceback) && traceback.ValueKind == JsonValueKind.Array
            ? traceback.EnumerateArray().Where(line => line.ValueKind == JsonValueKind.String).SelectMany(line => WithoutColors(line.GetString()!).Split('\n'))
            : [];
        return new CodeError(message.Text("ename"), WithoutColors(message.Text("evalue")), [.. lines]);
    }

    private void AddResult(string kind, JupyterMessage message)
    {
        if (message.Content.TryGetProperty("data", out JsonElement data) && data.ValueKind == JsonValueKind.Object)
        {
            Dictionary<string, JsonElement> forms = data.EnumerateObject().ToDictionary(form => form.Name, form => form.Value);
            events?.Add(CodeEvents.Result, new CodeResult(kind, forms), ProtocolJson.Default.CodeResult);
        }
    }

    private void CompleteIfDone()
    {
        if (_hasReply && _isIdle)
        {
            _done.TrySetResult();
        }
    }
}
