using System.Management.Automation.Provider;
using Sandbox.Client;

namespace Sandbox;

/// <content>Reading and writing the content of files.</content>
public sealed partial class SandboxProvider
{
    /// <inheritdoc />
    public object GetContentReaderDynamicParameters(string path) => new ReadContentParameters();

    /// <inheritdoc />
    public IContentReader GetContentReader(string path) =>
        new DriveContentReader(_requests, RemotePathOf(path), DynamicParameters as ReadContentParameters ?? new());

    /// <inheritdoc />
    public object GetContentWriterDynamicParameters(string path) => new WriteContentParameters();

    /// <inheritdoc />
    public IContentWriter GetContentWriter(string path) =>
        new DriveContentWriter(request => FinishWriting(path, request), RemotePathOf(path), DynamicParameters as WriteContentParameters ?? new(), Force);

    /// <inheritdoc />
    public object? ClearContentDynamicParameters(string path) => null;

    /// <summary>Empties a file for Clear-Content. Set-Content, the only caller with parameters, replaces the file as a whole later.</summary>
    public void ClearContent(string path)
    {
        if (DynamicParameters is not WriteContentParameters)
        {
            Do(path, "Clear content", async (remote, token) =>
            {
                if (await remote.TryGetAsync(follow: true, token) is not null)
                {
                    await remote.WriteAsync(Stream.Null, new WriteOptions(), token);
                }
            });
        }
    }

    private void FinishWriting(string path, Func<CancellationToken, Task> request)
    {
        // Set-Content calls this also after Ctrl+C. Then this line ends it: a stopped command may not write.
        WriteDebug($"Writing '{path}'.");
        if (_requests.Try(path, request) is { } error)
        {
            // Set-Content, the only caller with parameters, ignores exceptions at its end.
            if (DynamicParameters is null)
            {
                throw ProviderRequests.Failure(error);
            }

            WriteError(error);
        }
    }
}
