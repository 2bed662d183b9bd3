using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>A message of the Jupyter protocol, version 5 (jupyter-client.readthedocs.io, "Messaging in Jupyter").</summary>
/// <param name="ParentId">The id of the request that it is about; empty when there is none.</param>
internal sealed record JupyterMessage(string Type, string Id, string ParentId, JsonElement Content)
{
    private static readonly byte[] Delimiter = "<IDS|MSG>"u8.ToArray();

    /// <summary>Serializes a request.</summary>
    public static IReadOnlyList<byte[]> Write(string type, string id, string session, byte[] key, Action<Utf8JsonWriter> writeContent)
    {
        byte[] header = Json(writer =>
        {
            writer.WriteString("msg_id", id);
            writer.WriteString("msg_type", type);
            writer.WriteString("session", session);
            writer.WriteString("username", "sandbox");
            writer.WriteString("date", DateTimeOffset.UtcNow.ToString("o", CultureInfo.InvariantCulture));
            writer.WriteString("version", "5.3");
        });
        byte[] nothing = "{}"u8.ToArray();
        byte[][] signed = [header, nothing, nothing, Json(writeContent)];
        return [Delimiter, Encoding.ASCII.GetBytes(Sign(signed, key)), .. signed];
    }

    /// <returns>The message; null when its signature is not the kernel's.</returns>
    /// <exception cref="JsonException">It is malformed.</exception>
    public static JupyterMessage? Read(IReadOnlyList<byte[]> parts, byte[] key)
    {
        const int signedParts = 4;
        int start = 0;
        while (start < parts.Count && !parts[start].AsSpan().SequenceEqual(Delimiter))
        {
            start++;
        }

        if (start + 1 + signedParts >= parts.Count)
        {
            return null;
        }

        byte[][] signed = [.. parts.Skip(start + 2).Take(signedParts)];
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Sign(signed, key)), parts[start + 1]))
        {
            return null;
        }

        JsonElement header = Parse(signed[0]);
        JsonElement parent = Parse(signed[1]);
        return new JupyterMessage(Text(header, "msg_type"), Text(header, "msg_id"), Text(parent, "msg_id"), Parse(signed[3]));
    }

    /// <summary>Gets a text member of the content; empty when there is none.</summary>
    public string Text(string name) => Text(Content, name);

    /// <summary>Gets a text member of an object; empty when there is none.</summary>
    public static string Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement member) && member.ValueKind == JsonValueKind.String
            ? member.GetString()!
            : "";

    private static string Sign(byte[][] parts, byte[] key)
    {
        using IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        foreach (byte[] part in parts)
        {
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static byte[] Json(Action<Utf8JsonWriter> writeMembers)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writeMembers(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    // Decoded to a string first: the output of the code may be invalid UTF-8, and kernels pass that on.
    private static JsonElement Parse(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString(json));
        return document.RootElement.Clone();
    }
}
