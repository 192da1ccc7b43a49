// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Dispatch
import Glibc
import HTTPTransport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct ExchangeThreadTests {
    /// Dispatch has 255 threads for the whole process. Runs in a process of its own, since other
    /// tests need those threads.
    @Test func `Exchanges hold no threads of Dispatch`() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let server = try RawHTTPServer { _ in .hanging() }
            let client = HTTPClient(TransportConfiguration(connectionsMax: 300))
            let tasks = (0..<300).map { _ in
                Task { try await client.send(HTTPRequest(.get, server.url)) }
            }
            #expect(await server.received(withinSeconds: 40) { $0.count == 300 })
            let hasRun = Guarded(false)
            DispatchQueue(label: "tranship.tests").async { hasRun.withLock { $0 = true } }
            #expect(await eventually(withinSeconds: 5) { hasRun.withLock { $0 } })
            for task in tasks { task.cancel() }
        }
    }

    /// Runs in a process of its own, since the limit belongs to the process.
    @Test func `Too few files do not count as a failure of the service`() async {
        await #expect(processExitsWith: .success) {
            let server = try RawHTTPServer { _ in .status(200) }
            // Dispatch and libcurl open some files once in a process. They have to be open before
            // files are short, and the connection of this request stays open.
            let first = HTTPClient()
            #expect(try await first.send(HTTPRequest(.get, server.url)).status == 200)
            try await Task.sleep(for: .milliseconds(10))
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            var limit = rlimit()
            getrlimit(resource, &limit)
            limit.rlim_cur = 100
            setrlimit(resource, &limit)
            var files: [Int32] = []
            while files.last ?? 0 >= 0 { files.append(open("/dev/null", O_RDONLY)) }
            for url in [server.url, "http://localhost:\(server.port)/"] {
                let error = await failure {
                    _ = try await HTTPClient().send(HTTPRequest(.get, url))
                }
                #expect(error?.code == .unclassified, "\(String(describing: error))")
                #expect(error?.message.contains("100 files and sockets") == true)
                #expect(error?.hint?.contains("ulimit -n") == true)
            }
            for file in files where file >= 0 { close(file) }
            #expect(try await first.send(HTTPRequest(.get, server.url)).status == 200)
            #expect(try await HTTPClient().send(HTTPRequest(.get, server.url)).status == 200)
        }
    }
}
