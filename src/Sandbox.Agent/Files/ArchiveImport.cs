using System.ComponentModel;
using System.Formats.Tar;
using Sandbox.Agent.Api;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary><c>POST …/hydrate</c>: a tar archive becomes a directory. It is unpacked beside its place first, so that a damaged or broken-off archive changes nothing.</summary>
internal static class ArchiveImport
{
    private const int Piece = 128 * 1024;

    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">The directory.</param>
    public static async Task InvokeAsync(HttpContext context, string path)
    {
        if (context.Request.ContentLength == 0)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "Empty tar payload");
        }

        bool replace = RequestPath.Flag(context, "replace");
        string destination = SandboxPath.Destination(path);
        bool isNew = FileStatus.TryOf(SandboxPath.Native(destination), follow: false) is not { } there
            || (there.Type == FileType.Directory ? false : throw new ApiException(ErrorCodes.NotADirectory, $"'{PathText.ToDisplay(path)}' is no directory."));
        if (isNew)
        {
            _ = SandboxPath.MakeDirectories(SandboxPath.Parent(destination), Defaults.Directory);
        }

        string staging = isNew ? TemporaryName.Beside(destination) : TemporaryName.In(destination);
        FileSystem.MakeDirectory(SandboxPath.Native(staging), isNew ? Defaults.Directory : Defaults.UnfinishedDirectory);
        try
        {
            ArchiveExtractor unpacked = new(staging);
            await UnpackAsync(context, unpacked, path);
            StagedDirectory placement = new(staging, destination);
            if (isNew)
            {
                placement.Publish();
            }
            else if (replace)
            {
                placement.Replace();
            }
            else
            {
                placement.Merge();
            }

            unpacked.FinishDirectories(destination, withTop: isNew);
        }
        finally
        {
            FileOperations.TryRemove(staging);
        }

        await JsonBody.WriteAsync(context, new Done(true), ProtocolJson.Default.Done);
    }

    private static async Task UnpackAsync(HttpContext context, ArchiveExtractor unpacking, string path)
    {
        await using BufferedStream body = new(context.Request.Body, Piece);
        try
        {
            await using TarReader tar = new(body, leaveOpen: true);
            while (await tar.GetNextEntryAsync(copyData: false, context.RequestAborted) is { } entry)
            {
                await unpacking.AddAsync(entry, context.RequestAborted);
            }

            // What follows the last entry is padding; it belongs to the request.
            await DrainAsync(body, context.RequestAborted);
        }
        catch (Exception exception) when (exception is ApiException or Win32Exception)
        {
            // A caller that still sends does not listen yet.
            await DrainAsync(body, context.RequestAborted);
            throw exception is Win32Exception refused ? FileErrorMapper.ToApiException(refused) : exception;
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or FormatException or NotSupportedException or ArgumentException)
        {
            await DrainAsync(body, context.RequestAborted);
            throw new ApiException(ErrorCodes.InvalidArchive, $"What was sent for '{PathText.ToDisplay(path)}' is no complete tar archive; nothing was changed.", exception);
        }
    }

    private static async Task DrainAsync(Stream body, CancellationToken cancellationToken)
    {
        byte[] rest = new byte[Piece];
        while (await body.ReadAsync(rest, cancellationToken) > 0)
        {
        }
    }
}
