// Sigma's program for neurons: a disc for a number, a square for a feature map, sharp at any size.

const DISC_SHADER = `
attribute vec2 a_position; attribute float a_size; attribute float a_shape; attribute vec2 a_corner;
#ifdef PICKING_MODE
attribute vec4 a_id;
#else
attribute vec4 a_color;
#endif
uniform mat3 u_matrix; uniform float u_sizeRatio; uniform float u_correctionRatio;
varying vec4 v_color; varying vec2 v_at; varying float v_edge; varying float v_shape;
void main() {
  float half_size = a_size * u_correctionRatio / u_sizeRatio * 2.0;
  float border = u_correctionRatio * 2.0;
  v_at = a_corner * (half_size + border) / half_size; v_edge = border / half_size; v_shape = a_shape;
  gl_Position = vec4((u_matrix * vec3(a_position + a_corner * (half_size + border), 1.0)).xy, 0.0, 1.0);
#ifdef PICKING_MODE
  v_color = a_id;
#else
  v_color = a_color;
#endif
  v_color.a *= 255.0 / 254.0;
}`;
const DISC_PIXELS = `
precision highp float;
varying vec4 v_color; varying vec2 v_at; varying float v_edge; varying float v_shape;
void main() {
  float out_by = (v_shape > 0.5 ? max(abs(v_at.x), abs(v_at.y)) : length(v_at)) - 1.0;
#ifdef PICKING_MODE
  gl_FragColor = out_by > 0.0 ? vec4(0.0) : v_color;
#else
  gl_FragColor = v_color * clamp(0.5 - out_by / v_edge, 0.0, 1.0);
#endif
}`;

const neuronProgram = () =>
  class extends Sigma.rendering.NodeProgram {
    getDefinition() {
      const { FLOAT, UNSIGNED_BYTE, TRIANGLES } = WebGLRenderingContext;
      return {
        VERTICES: 6,
        METHOD: TRIANGLES,
        VERTEX_SHADER_SOURCE: DISC_SHADER,
        FRAGMENT_SHADER_SOURCE: DISC_PIXELS,
        UNIFORMS: ["u_sizeRatio", "u_correctionRatio", "u_matrix"],
        ATTRIBUTES: [
          { name: "a_position", size: 2, type: FLOAT },
          { name: "a_size", size: 1, type: FLOAT },
          { name: "a_shape", size: 1, type: FLOAT },
          { name: "a_color", size: 4, type: UNSIGNED_BYTE, normalized: true },
          { name: "a_id", size: 4, type: UNSIGNED_BYTE, normalized: true },
        ],
        CONSTANT_ATTRIBUTES: [{ name: "a_corner", size: 2, type: FLOAT }],
        CONSTANT_DATA: [
          [-1, -1],
          [1, -1],
          [-1, 1],
          [-1, 1],
          [1, -1],
          [1, 1],
        ],
      };
    }
    processVisibleItem(id, at, data) {
      this.array.set([data.x, data.y, data.size, data.tile ? 1 : 0, Sigma.utils.floatColor(data.color), id], at);
    }
    setUniforms({ sizeRatio, correctionRatio, matrix }, { gl, uniformLocations }) {
      gl.uniform1f(uniformLocations.u_correctionRatio, correctionRatio);
      gl.uniform1f(uniformLocations.u_sizeRatio, sizeRatio);
      gl.uniformMatrix3fv(uniformLocations.u_matrix, false, matrix);
    }
  };
