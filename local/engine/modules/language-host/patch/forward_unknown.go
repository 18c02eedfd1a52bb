package main

import (
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// forwardUnknown passes on every call that this version of the proxy has no method for, so that a newer SDK can use what
// a newer engine offers (resource hooks, for one). An empty message keeps all fields of the real one as unknown fields,
// and writes them again: no type of the newer protocol is needed. All such calls are unary.
func forwardUnknown(engine *grpc.ClientConn) grpc.ServerOption {
	return grpc.UnknownServiceHandler(func(_ interface{}, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		request, response := &emptypb.Empty{}, &emptypb.Empty{}
		if err := stream.RecvMsg(request); err != nil {
			return err
		}
		if err := engine.Invoke(stream.Context(), method, request, response); err != nil {
			return err
		}
		return stream.SendMsg(response)
	})
}
