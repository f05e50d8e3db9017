/**
 * Why an action is not possible. A text: the state of the object prevents it, and its control is disabled
 * with this reason. `notPermitted`: the role of the user does not allow it, and its control is not shown. The
 * page says once which role does.
 */
export type Obstacle = string | { notPermitted: string };

export function isNotPermitted(obstacle: Obstacle | undefined): obstacle is { notPermitted: string } {
  return typeof obstacle === "object";
}

export function obstacleText(obstacle: Obstacle): string {
  return isNotPermitted(obstacle) ? obstacle.notPermitted : obstacle;
}
