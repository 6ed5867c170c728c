using System.Net;

namespace Pinion.Trace.Store.Tests;

/// <summary>An HTTP server in this process that stands for ClickHouse: it keeps every request, and answers as the test says.</summary>
internal sealed class HttpReceiver : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly int _port = ClickHouseServer.FreePort();
    private readonly Task _loop;

    public HttpReceiver()
    {
        _listener.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _listener.Start();
        _loop = Task.Run(Loop);
    }

    /// <summary>What came.</summary>
    /// <param name="Query">Statement in the URL, or the body.</param>
    /// <param name="Body">Body.</param>
    /// <param name="IsChunked">The body came in chunks.</param>
    /// <param name="User">User and password.</param>
    public sealed record Request(string Query, byte[] Body, bool IsChunked, string User);

    public List<Request> Requests { get; } = [];

    /// <summary>Called before the body of an INSERT is read.</summary>
    public Action BeforeRows { get; set; } = () => { };

    /// <summary>Status and text for a statement.</summary>
    public Func<string, (int Status, string Text)> Answer { get; set; } = query => (200, query.Contains("count()", StringComparison.Ordinal) || query.Contains("max(", StringComparison.Ordinal) ? "0\n" : "");

    public StoreLocation Location => StoreLocation.Parse($"clickhouse:http://me:ge%2Fheim@127.0.0.1:{_port}/base?database=traces&max_insert_block_size=1000", isArgument: false);

    public void Dispose()
    {
        _listener.Close();
        _loop.Wait();
    }

    private void Loop()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = _listener.GetContext();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            Serve(context);
        }
    }

    private void Serve(HttpListenerContext context)
    {
        string? query = context.Request.QueryString["query"];
        if (query is not null)
        {
            BeforeRows();
        }

        using var body = new MemoryStream();
        try
        {
            context.Request.InputStream.CopyTo(body);
        }
        catch (Exception e) when (e is HttpListenerException or IOException)
        {
            // The client went away in the middle.
            context.Response.Abort();
            return;
        }

        query ??= System.Text.Encoding.UTF8.GetString(body.ToArray());
        lock (Requests)
        {
            Requests.Add(new(query, body.ToArray(), context.Request.Headers["Transfer-Encoding"] == "chunked", $"{context.Request.Headers["X-ClickHouse-User"]}:{context.Request.Headers["X-ClickHouse-Key"]}"));
        }

        (int status, string text) = Answer(query);
        context.Response.StatusCode = status;
        context.Response.OutputStream.Write(System.Text.Encoding.UTF8.GetBytes(text));
        context.Response.Close();
    }
}
