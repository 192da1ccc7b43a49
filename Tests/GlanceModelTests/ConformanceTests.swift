// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceModel
import HTTPTransport
import LabSupport
import OpenStackImage
import Testing

/// Checks that the model answers as a real Glance does.
@Suite struct ConformanceTests {
    @Test(arguments: Script.all)
    func `The model answers as the script says`(script: Script) async throws {
        try await script.run(against: ModelService())
    }

    @Test(.enabled(if: Lab.isUp), .atLab, arguments: Script.all)
    func `A real Glance answers as the script says`(script: Script) async throws {
        try await script.run(against: LabService())
    }
}

/// The service against which the script runs.
protocol ConformingService: Sendable {
    func project(_ who: Step.Who) async throws -> String
    /// Sends a request.
    ///
    /// - Parameter path: the path below the service's root, with the query.
    func send(
        _ who: Step.Who, _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPHeaders,
        _ body: [UInt8]?
    ) async throws -> HTTPResponse
}

private final class ModelService: ConformingService {
    private let model: Guarded<GlanceModel>

    init() {
        var settings = GlanceModel.Settings()
        settings.caller = .init(project: "demo")
        model = Guarded(GlanceModel(settings))
    }

    func project(_ who: Step.Who) -> String { "project-\(who)" }

    func send(
        _ who: Step.Who, _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPHeaders,
        _ body: [UInt8]?
    ) -> HTTPResponse {
        let request = ModelRequest(method, path, headers: headers, body: body ?? [])
        let caller = GlanceModel.Caller(project: project(who), isAdmin: who == .admin)
        return model.withLock { model in
            model.nowMilliseconds += 1000
            guard method == .put, ["file", "stage"].contains(request.part) else {
                if method == .get { Self.endImport(request.id ?? "", &model) }
                return model.answer(request, as: caller)
            }
            switch model.begin(request, as: caller) {
            case .answered(let response): return response
            case .taking(let work): return model.finish(request, work: work, body: body ?? [])
            }
        }
    }

    /// Ends an import, as the service does between two requests: the script's URLs and regions have
    /// no server.
    private static func endImport(_ id: String, _ model: inout GlanceModel) {
        guard let image = model[id], image.isImporting else { return }
        let asked = image.tasks.last?["input"]?["import_req"]?["method"]?["name"]?.string
        switch asked {
        case "web-download": model.failImport(id, work: image.work, .stores)
        case "glance-download": model.failImport(id, work: image.work, .silent)
        default: model.endImport(id, work: image.work)
        }
    }
}

/// The lab's alpha, as its three users.
private struct LabService: ConformingService {
    private func cloud(_ who: Step.Who) -> LabCloud {
        switch who {
        case .owner: .alpha
        case .other: .alphaOther
        case .admin: .alphaAdmin
        }
    }

    func project(_ who: Step.Who) async throws -> String {
        try await cloud(who).projectID
    }

    func send(
        _ who: Step.Who, _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPHeaders,
        _ body: [UInt8]?
    ) async throws -> HTTPResponse {
        try await cloud(who).service.send(
            ServiceRequest(method, path, headers: headers, body: body))
    }
}

extension Script {
    /// The longest wait for work in the background.
    private static let waitSeconds = 60.0

    func run(against service: some ConformingService) async throws {
        var values = [
            "$owner": try await service.project(.owner),
            "$other": try await service.project(.other),
            "$run": "conformance-\(UUID().uuidString.lowercased())",
        ]
        for name in ["$a", "$b", "$c"] { values[name] = UUID().uuidString.lowercased() }
        for (number, step) in steps.enumerated() {
            let end = ContinuousClock.now + .seconds(Self.waitSeconds)
            while true {
                let response = try await send(step, values, service)
                let wrong = wrong(response, step, values)
                if !step.isEventual || wrong.isEmpty || ContinuousClock.now > end {
                    #expect(
                        wrong.isEmpty,
                        "step \(number + 1), \(step.method.rawValue) \(step.path): \(wrong)")
                    break
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        for name in ["$a", "$b", "$c"] {
            try await clean(values[name] ?? "", service)
        }
    }

    private func clean(_ id: String, _ service: some ConformingService) async throws {
        let answer = try await service.send(.admin, .delete, "/v2/images/\(id)", [:], nil)
        #expect([204, 404].contains(answer.status))
    }

    private func send(
        _ step: Step, _ values: [String: String], _ service: some ConformingService
    ) async throws -> HTTPResponse {
        var headers = step.headers
        if step.json != nil, headers["Content-Type"] == nil {
            headers["Content-Type"] = "application/json"
        }
        let body = step.data ?? step.json.map { $0.filled(values).text }
        return try await service.send(
            step.who, step.method, "/v2/\(filled(step.path, values))", headers, body)
    }

    private func wrong(
        _ response: HTTPResponse, _ step: Step, _ values: [String: String]
    ) -> [String] {
        guard response.status == step.status else {
            let text = String(decoding: response.body.prefix(300), as: UTF8.self)
            return ["status \(response.status) instead of \(step.status): \(text)"]
        }
        var wrong: [String] = []
        let body = JSONValue(text: response.body)
        for (key, value) in step.fields.sorted(by: { $0.key < $1.key }) {
            let (found, expected) = (body?.at(key), value.filled(values))
            if found != expected {
                wrong.append("\(key) is \(found.map { "\($0)" } ?? "absent"), not \(expected)")
            }
        }
        for key in step.absent where body?[key] != nil { wrong.append("\(key) is there") }
        if let images = step.images {
            let found = body?["images"]?.array?.compactMap { $0["id"]?.string }
            let expected = images.map { filled($0, values) }
            if found != expected { wrong.append("images are \(found ?? []), not \(expected)") }
        }
        for (key, value) in step.answerHeaders {
            let found = response.headers[key]
            if found != value, !(key == "Content-Length" && found == nil) {
                wrong.append("\(key) is \(found ?? "absent"), not \(value)")
            }
        }
        if let expected = step.answerBody, response.body != expected {
            wrong.append("the body is \(String(decoding: response.body, as: UTF8.self))")
        }
        return wrong
    }
}

private func filled(_ text: String, _ values: [String: String]) -> String {
    guard text.contains("$") else { return text }
    return values.sorted { $0.key > $1.key }.reduce(text) {
        $0.replacingOccurrences(of: $1.key, with: $1.value)
    }
}

extension JSONValue {
    fileprivate func filled(_ values: [String: String]) -> JSONValue {
        switch self {
        case .string(let text): .string(GlanceModelTests.filled(text, values))
        case .array(let items): .array(items.map { $0.filled(values) })
        case .object(let members): .object(members.mapValues { $0.filled(values) })
        default: self
        }
    }

    /// Returns the value at a path such as `tasks.0.status`.
    fileprivate func at(_ path: String) -> JSONValue? {
        if let value = self[path] { return value }
        var value: JSONValue? = self
        for part in path.split(separator: ".") {
            value =
                Int(part).flatMap { index in
                    value?.array.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                } ?? value?[String(part)]
        }
        return value
    }
}
