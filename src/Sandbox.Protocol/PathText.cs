using System.Buffers;
using System.Text;

namespace Sandbox.Protocol;

/// <summary>Lossless conversion of paths to text. A path is bytes; those that are not UTF-8 are kept as lone surrogates U+DC80 to U+DCFF, as Python does (PEP
/// 383). In a URI, a path is percent-encoded.</summary>
public static class PathText
{
    /// <summary>The maximum length of a request line in bytes: two of the longest paths, percent-encoded.</summary>
    public const int LongestRequestLine = 32 * 1024;

    private const char FirstEscape = '\uDC80';
    private const char LastEscape = '\uDCFF';
    private const int EscapeBase = 0xDC00;

    private static readonly SearchValues<byte> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"u8);

    /// <summary>Returns the bytes of a path.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>: the text is not a path.</exception>
    public static byte[] ToBytes(string path)
    {
        if (path.Contains('\0'))
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "A path cannot contain a NUL character.");
        }

        byte[] buffer = new byte[Encoding.UTF8.GetMaxByteCount(path.Length)];
        int length = 0;
        for (ReadOnlySpan<char> rest = path; rest.Length > 0;)
        {
            if (Rune.DecodeFromUtf16(rest, out Rune rune, out int taken) == OperationStatus.Done)
            {
                length += rune.EncodeToUtf8(buffer.AsSpan(length));
            }
            else if (rest[0] is >= FirstEscape and <= LastEscape)
            {
                buffer[length++] = (byte)(rest[0] - EscapeBase);
            }
            else
            {
                throw new ApiException(ErrorCodes.InvalidRequest, "A path cannot contain half a surrogate pair.");
            }

            rest = rest[taken..];
        }

        return buffer[..length];
    }

    /// <summary>Returns the path of bytes.</summary>
    public static string FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        StringBuilder text = new(bytes.Length);
        while (bytes.Length > 0)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int taken) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (byte single in bytes[..taken])
                {
                    text.Append((char)(EscapeBase + single));
                }
            }

            bytes = bytes[taken..];
        }

        return text.ToString();
    }

    /// <summary>Whether the path is valid Unicode.</summary>
    public static bool IsText(string path) => !path.AsSpan().ContainsAnyInRange(FirstEscape, LastEscape) || IsWellFormed(path);

    /// <summary>Returns the path as valid Unicode, with U+FFFD for other bytes.</summary>
    public static string ToDisplay(string path) => IsText(path) ? path : Encoding.UTF8.GetString(ToBytes(path));

    /// <summary>Percent-encodes a path.</summary>
    public static string Escape(string path)
    {
        byte[] bytes = ToBytes(path);
        if (!bytes.AsSpan().ContainsAnyExcept(Plain))
        {
            return path;
        }

        StringBuilder text = new(bytes.Length * 2);
        foreach (byte single in bytes)
        {
            _ = Plain.Contains(single) ? text.Append((char)single) : text.Append('%').Append(Convert.ToHexString([single]));
        }

        return text.ToString();
    }

    /// <summary>Decodes a percent-encoded path.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>: the percent-encoding is invalid.</exception>
    public static string Unescape(ReadOnlySpan<char> escaped)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(escaped.Length)];
        int length = 0;
        while (escaped.Length > 0)
        {
            int plain = escaped.IndexOf('%') is var next and >= 0 ? next : escaped.Length;
            length += Encoding.UTF8.GetBytes(escaped[..plain], bytes.AsSpan(length));
            escaped = escaped[plain..];
            if (escaped.Length > 0)
            {
                if (escaped.Length < 3 || Convert.FromHexString(escaped.Slice(1, 2), bytes.AsSpan(length, 1), out _, out _) != OperationStatus.Done)
                {
                    throw new ApiException(ErrorCodes.InvalidRequest, "The path in the address is not percent-encoded properly.");
                }

                length++;
                escaped = escaped[3..];
            }
        }

        return bytes.AsSpan(0, length).Contains((byte)0)
            ? throw new ApiException(ErrorCodes.InvalidRequest, "A path cannot contain a NUL character.")
            : FromBytes(bytes.AsSpan(0, length));
    }

    private static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (text.Length > 0)
        {
            if (Rune.DecodeFromUtf16(text, out _, out int taken) != OperationStatus.Done)
            {
                return false;
            }

            text = text[taken..];
        }

        return true;
    }
}
