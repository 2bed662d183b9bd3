using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>How a file is written.</summary>
/// <param name="MakeParents">Whether missing parent directories are created.</param>
/// <param name="Append">Whether the bytes are appended; otherwise they replace the file.</param>
/// <param name="UploadId">The id under which an interrupted replacement can be resumed; empty for none.</param>
internal sealed record FileWriteOptions(
    FilePrecondition Precondition, bool MakeParents, bool Append, string UploadId, long Offset, UnixFileMode? Mode, DateTimeOffset? ModifiedAt);

/// <summary>Writes files. A file is replaced when all its bytes have arrived, or not at all.</summary>
internal sealed class FileWriter(PartialUploads uploads)
{
    // No other replacement may come between the check of the version and the rename.
    private readonly Lock _gate = new();

    /// <summary>Writes a file.</summary>
    /// <returns>Its new status.</returns>
    /// <exception cref="ApiException">The file could not be written; what was there is unchanged.</exception>
    public async Task<FileStatus> WriteAsync(string path, Stream body, FileWriteOptions options, CancellationToken cancellationToken)
    {
        string destination = SandboxPath.Destination(path);
        FileStatus? existing = FileStatus.TryOf(SandboxPath.Native(destination), follow: false);
        if (existing is { } there)
        {
            FileErrorMapper.RequireRegular(there, path);
        }

        options.Precondition.Require(FileVersion.Of(existing), path);
        if (existing is not null && !FileSystem.IsWritable(SandboxPath.Native(destination)))
        {
            throw new ApiException(ErrorCodes.PermissionDenied, $"'{PathText.ToDisplay(path)}' is not writable for the sandbox's user.");
        }

        if (existing is null && options.MakeParents)
        {
            _ = SandboxPath.MakeDirectories(SandboxPath.Parent(destination), Defaults.Directory);
        }
        else if (existing is null)
        {
            SandboxPath.RequireParent(destination);
        }

        try
        {
            return options.Append
                ? await AppendAsync(destination, body, options, cancellationToken)
                : await ReplaceAsync(destination, existing, body, options, cancellationToken);
        }
        catch (Win32Exception exception)
        {
            await body.DrainAsync(cancellationToken);
            throw FileErrorMapper.ToApiException(exception, path);
        }
    }

    /// <summary>Gets how many bytes of an interrupted replacement have arrived.</summary>
    public async Task<long> UploadedAsync(string id, string path, CancellationToken cancellationToken)
    {
        PartialUpload upload = uploads.Get(id, SandboxPath.Destination(path));
        using IDisposable turn = await upload.EnterAsync(cancellationToken);
        return upload.Length ?? 0;
    }

    private static async Task<FileStatus> AppendAsync(string destination, Stream body, FileWriteOptions options, CancellationToken cancellationToken)
    {
        using FileDescriptor file = FileDescriptor.OpenToAppend(SandboxPath.Native(destination), options.Mode ?? Defaults.File);
        FileStatus before = FileStatus.Of(file);
        FileErrorMapper.RequireRegular(before, destination);
        try
        {
            await body.CopyToAsync(file, cancellationToken);
        }
        catch (Win32Exception)
        {
            // A part of it is worse than nothing.
            file.Truncate(before.Size);
            throw;
        }

        return FileStatus.Of(file);
    }

    private async Task<FileStatus> ReplaceAsync(
        string destination, FileStatus? existing, Stream body, FileWriteOptions options, CancellationToken cancellationToken)
    {
        PartialUpload upload = uploads.Open(options.UploadId, destination, existing is null);
        using IDisposable turn = await upload.EnterAsync(cancellationToken);
        try
        {
            FileDescriptor file = upload.OpenAt(options.Offset);
            await body.CopyToAsync(file, cancellationToken);
            if ((options.Mode ?? existing?.Permissions) is { } permissions)
            {
                FileSystem.SetPermissions(file, permissions);
            }

            if (options.ModifiedAt is { } modified)
            {
                FileSystem.SetModified(file, modified);
            }

            lock (_gate)
            {
                options.Precondition.Require(FileVersion.Of(FileStatus.TryOf(SandboxPath.Native(destination), follow: false)), destination);
                upload.Replace();
            }

            uploads.End(upload);
            return FileStatus.Of(SandboxPath.Native(destination), follow: false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The connection broke, which Kestrel also reports as a bad request.
            uploads.Suspend(upload);
            throw;
        }
        catch
        {
            uploads.End(upload);
            throw;
        }
    }
}
