using System.Net;

namespace Pinion.Trace.Store.ClickHouse;

/// <summary>Statements to a ClickHouse server over its HTTP interface.</summary>
internal sealed class ClickHouseClient : IDisposable
{
    private readonly StoreLocation _location;
    private readonly HttpClient _http;
    private readonly Uri _url;

    /// <exception cref="StoreException">The URL is none.</exception>
    public ClickHouseClient(StoreLocation location)
    {
        _location = location;
        if (!Uri.TryCreate(location.Target, UriKind.Absolute, out Uri? url))
        {
            throw new StoreException(StoreProblem.Usage, $"{location} is no URL", "give clickhouse:http://host:8123/?database=name");
        }

        // User and password go into headers: URLs end up in logs.
        string[] user = url.UserInfo.Split(':', 2);
        _url = new UriBuilder(url) { UserName = "", Password = "" }.Uri;
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(15), AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
        AddHeader("X-ClickHouse-User", user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : Environment.GetEnvironmentVariable("CLICKHOUSE_USER"));
        AddHeader("X-ClickHouse-Key", user.Length > 1 ? Uri.UnescapeDataString(user[1]) : Environment.GetEnvironmentVariable("CLICKHOUSE_PASSWORD"));
    }

    /// <summary>Runs a statement, and answers what the server prints.</summary>
    /// <exception cref="StoreException">The server cannot be reached, or refuses.</exception>
    public string Execute(string statement) => Send(_url, new StringContent(statement), CancellationToken.None);

    /// <summary>Sends rows as they are made: nothing keeps more than a buffer of them, and the server's speed is ours.</summary>
    /// <param name="table">Table.</param>
    /// <param name="write">Writes the rows.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="StoreException">The server cannot be reached, or refuses.</exception>
    public void Insert(string table, Action<RowBinaryWriter> write, CancellationToken cancellation = default)
    {
        var url = new UriBuilder(_url);
        string query = $"query={Uri.EscapeDataString($"INSERT INTO {table} FORMAT RowBinary")}";
        url.Query = url.Query.Length > 1 ? $"{url.Query}&{query}" : query;
        var rows = new RowContent(write);
        try
        {
            Send(url.Uri, rows, cancellation);
        }
        catch (Exception) when (rows.Failure is not null)
        {
            // What failed is the making of the rows, not the sending.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(rows.Failure);
        }
    }

    public void Dispose() => _http.Dispose();

    private void AddHeader(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }
    }

    private string Send(Uri url, HttpContent content, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
            using HttpResponseMessage response = _http.Send(request, HttpCompletionOption.ResponseContentRead, cancellation);
            using var reader = new StreamReader(response.Content.ReadAsStream(cancellation));
            string text = reader.ReadToEnd();
            return response.IsSuccessStatusCode ? text : throw Refused(response.StatusCode, text);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            throw new StoreException(StoreProblem.Unavailable, $"cannot reach {_location}: {(failure.InnerException ?? failure).Message}", "is the server running there? Its HTTP port is 8123 unless configured otherwise", failure);
        }
    }

    private StoreException Refused(HttpStatusCode status, string text)
    {
        string first = text.Split('\n')[0].Trim();
        return new(
            StoreProblem.Unavailable,
            $"{_location} answers {(int)status}: {(first.Length > 0 ? first : status.ToString())}",
            status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? $"give user and password in CLICKHOUSE_USER and CLICKHOUSE_PASSWORD, or in the URL in {StoreLocation.Variable}" : "the server's log says more");
    }

    /// <summary>A body of unknown length, made while it is sent.</summary>
    private sealed class RowContent(Action<RowBinaryWriter> write) : HttpContent
    {
        /// <summary>Why there are no more rows.</summary>
        public Exception? Failure { get; private set; }

        protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var sending = new Sending(stream);
            var rows = new RowBinaryWriter(sending);
            try
            {
                write(rows);
            }
            catch (Exception failure) when (!sending.HasFailed)
            {
                Failure = failure;
                throw;
            }

            rows.Flush();
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException("rows are sent synchronously");

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>Remembers that it was the connection that failed.</summary>
    private sealed class Sending(Stream inner) : Stream
    {
        public bool HasFailed { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            HasFailed = true;
            inner.Write(buffer, offset, count);
            HasFailed = false;
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            HasFailed = true;
            inner.Write(buffer);
            HasFailed = false;
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
