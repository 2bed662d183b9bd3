using System.ComponentModel;
using System.Globalization;
using Sandbox.Agent.Api;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary><c>PUT …/file</c>: a file is replaced as a whole when all its bytes have come, or not at all; or bytes are put at its end.</summary>
/// <param name="uploads">Replacements whose connection broke.</param>
internal sealed class FileWriting(PartialUploads uploads)
{
    // Between the look at what is there and the taking of its place nobody else may do the same.
    private readonly Lock _gate = new();

    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">The file.</param>
    public async Task InvokeAsync(HttpContext context, string path)
    {
        string destination = SandboxPath.Destination(path);
        FileStatus? existing = FileStatus.TryOf(SandboxPath.Native(destination), follow: false);
        if (existing is { } there)
        {
            FileErrorMapper.RequireRegular(there, path);
        }

        FileVersion.Require(context.Request.Headers, FileVersion.Of(existing), path);
        if (existing is not null && !FileSystem.IsWritable(SandboxPath.Native(destination)))
        {
            throw new ApiException(ErrorCodes.PermissionDenied, $"'{PathText.ToDisplay(path)}' is not writable for the sandbox's user.");
        }

        if (existing is null && RequestPath.Flag(context, "parents", whenAbsent: true))
        {
            _ = SandboxPath.MakeDirectories(SandboxPath.Parent(destination), Defaults.Directory);
        }
        else if (existing is null)
        {
            SandboxPath.RequireParent(destination);
        }

        FileStatus written;
        try
        {
            written = RequestPath.Flag(context, "append")
                ? await AppendAsync(context, destination)
                : await ReplaceAsync(context, destination, existing);
        }
        catch (Win32Exception exception)
        {
            // A caller that still sends does not listen yet.
            await DrainAsync(context);
            throw FileErrorMapper.ToApiException(exception, path);
        }

        await JsonBody.WriteAsync(context, new FileWritten(true, written.Size, FileVersion.Of(written)!), ProtocolJson.Default.FileWritten);
    }

    /// <summary>Tells how far a replacement got whose connection broke.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">The file.</param>
    public async Task ShowUploadAsync(HttpContext context, string path)
    {
        PartialUpload upload = uploads.Get(context.Request.Query["upload"].ToString(), SandboxPath.Destination(path));
        using IDisposable turn = await upload.EnterAsync(context.RequestAborted);
        context.Response.Headers[FileHeaders.Size] = (upload.Length ?? 0).ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<FileStatus> AppendAsync(HttpContext context, string destination)
    {
        using FileDescriptor file = FileDescriptor.OpenToAppend(SandboxPath.Native(destination), RequestPath.Mode(context) ?? Defaults.File);
        FileStatus before = FileStatus.Of(file);
        FileErrorMapper.RequireRegular(before, destination);
        try
        {
            await FileBody.CopyToAsync(context, file);
        }
        catch (Win32Exception)
        {
            // Half of it is worse than nothing.
            file.Truncate(before.Size);
            throw;
        }

        return FileStatus.Of(file);
    }

    private async Task<FileStatus> ReplaceAsync(HttpContext context, string destination, FileStatus? existing)
    {
        PartialUpload upload = uploads.Open(context.Request.Query["upload"].ToString(), destination, existing is null);
        using IDisposable turn = await upload.EnterAsync(context.RequestAborted);
        try
        {
            using (FileDescriptor file = upload.OpenAt(RequestPath.Number(context, "offset") ?? 0))
            {
                await FileBody.CopyToAsync(context, file);
                if ((RequestPath.Mode(context) ?? existing?.Permissions) is { } permissions)
                {
                    FileSystem.SetPermissions(file, permissions);
                }

                if (RequestPath.ModifiedAt(context) is { } modified)
                {
                    FileSystem.SetModified(file, modified);
                }
            }

            lock (_gate)
            {
                FileVersion.Require(context.Request.Headers, FileVersion.Of(FileStatus.TryOf(SandboxPath.Native(destination), follow: false)), destination);
                upload.Replace();
            }

            uploads.End(upload);
            return FileStatus.Of(SandboxPath.Native(destination), follow: false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The connection broke, as a bad request also says.
            uploads.Suspend(upload);
            throw;
        }
        catch
        {
            uploads.End(upload);
            throw;
        }
    }

    private static async Task DrainAsync(HttpContext context)
    {
        byte[] rest = new byte[FileBody.Piece];
        while (await context.Request.Body.ReadAsync(rest, context.RequestAborted) > 0)
        {
        }
    }
}
