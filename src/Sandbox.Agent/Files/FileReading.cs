using System.Globalization;
using System.IO.Pipelines;
using Sandbox.Agent.Api;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary><c>GET</c> and <c>HEAD …/file</c>: a file's bytes, or a part of them.</summary>
internal static class FileReading
{
    private const int Piece = 128 * 1024;

    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">The file.</param>
    public static async Task InvokeAsync(HttpContext context, string path)
    {
        LinuxPath native = SandboxPath.Native(path);
        FileErrorMapper.RequireRegular(FileStatus.Of(native, follow: true), path);
        using FileDescriptor file = FileDescriptor.OpenToRead(native);

        // What lies there may be another thing by now.
        FileStatus status = FileStatus.Of(file);
        FileErrorMapper.RequireRegular(status, path);
        string version = FileVersion.Of(status)!;
        HttpResponse response = context.Response;
        response.Headers.ETag = version;
        if (context.Request.Headers.IfMatch.Count > 0)
        {
            FileVersion.Require(context.Request.Headers, version, path);
        }
        else if (FileVersion.Names(context.Request.Headers.IfNoneMatch, version))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        long given = RequestPath.Number(context, "offset", long.MinValue) ?? 0;
        long offset = Math.Min(given < 0 ? Math.Max(0, status.Size + given) : given, status.Size);
        long length = Math.Min(RequestPath.Number(context, "length") ?? long.MaxValue, status.Size - offset);
        response.ContentType = "application/octet-stream";
        response.Headers.LastModified = status.ModifiedAt.ToString("R", CultureInfo.InvariantCulture);
        response.Headers[FileHeaders.Size] = status.Size.ToString(CultureInfo.InvariantCulture);
        response.Headers[FileHeaders.Mode] = FileEntries.Octal(status.Permissions);
        response.Headers[FileHeaders.ModifiedAt] = status.ModifiedAt.ToString("O", CultureInfo.InvariantCulture);

        // Files of /proc say that they are empty, and are not.
        bool isUnsized = status.Size == 0;
        if (!isUnsized)
        {
            response.ContentLength = length;
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            file.Seek(offset);
            await SendAsync(context, file, isUnsized ? RequestPath.Number(context, "length") ?? long.MaxValue : length, isUnsized);
        }
    }

    private static async Task SendAsync(HttpContext context, FileDescriptor file, long length, bool mayEnd)
    {
        PipeWriter writer = context.Response.BodyWriter;
        while (length > 0)
        {
            int wanted = (int)Math.Min(length, Piece);
            int count = file.Read(writer.GetMemory(wanted).Span[..wanted]);
            if (count <= 0)
            {
                if (!mayEnd)
                {
                    // It was cut off meanwhile. Only a broken answer tells the reader.
                    context.Abort();
                }

                return;
            }

            writer.Advance(count);
            length -= count;
            if ((await writer.FlushAsync(context.RequestAborted)).IsCompleted)
            {
                return;
            }
        }
    }
}
